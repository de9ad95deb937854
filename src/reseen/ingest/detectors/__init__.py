"""Who is in a picture: person detectors behind one interface."""
