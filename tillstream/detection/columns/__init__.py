"""Column roles, and how much of a column a contract can read."""
