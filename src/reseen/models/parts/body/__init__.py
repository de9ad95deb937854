"""Where the body is in a picture, and which of its parts shows what."""
