"""Where a person's joints are, and what follows from them: canonical poses, regions of the body, crops."""
