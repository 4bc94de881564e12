"""Documents and queues in SQLite files."""
