"""Where to look, and which channels and parts to rely on."""
