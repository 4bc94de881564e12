"""The outbox: one SQLite file that has every message until the server has it."""
