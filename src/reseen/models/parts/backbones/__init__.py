"""From a picture to feature maps."""
