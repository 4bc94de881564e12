"""Which column has which role, and how much of it a contract can read."""
