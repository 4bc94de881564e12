"""The restock queue: what stores need, decisions about it, and orders from it."""
