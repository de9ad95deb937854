"""Where the cameras stand: grounds, walls and things, the light on them, and the frame without anybody."""
