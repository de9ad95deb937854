"""Training a pose network, on images of one or several data sets."""

from reseen.training.pose.run import PoseRun, PoseTraining

__all__ = ["PoseRun", "PoseTraining"]
