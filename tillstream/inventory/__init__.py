"""Stock: movements, their mirror in the warehouse, and the levels computed from them and from sales."""
