"""Stock: movements, levels, counts and transfers, purchase orders, and what to restock."""
