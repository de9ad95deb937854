"""Commands that train systems and measure them."""
