"""Stock movements, and the rules of stock levels."""
