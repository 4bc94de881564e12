"""Parse number texts to exact decimals, and compute with them."""
