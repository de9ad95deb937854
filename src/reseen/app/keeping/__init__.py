"""What the gallery keeps: pictures and videos added in the background, and rows deleted for good."""
