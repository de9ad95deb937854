"""From video and pictures of many people to crops of one person each, in a gallery."""

from reseen.ingest.detectors.detector import PersonDetector, open_detector, people_in
from reseen.ingest.into_gallery import Ingested, Settings, ingest
from reseen.ingest.people import People

__all__ = ["Ingested", "People", "PersonDetector", "Settings", "ingest", "open_detector", "people_in"]
