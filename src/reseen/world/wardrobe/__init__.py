"""What persons wear and carry, as meshes that fit their bodies."""
