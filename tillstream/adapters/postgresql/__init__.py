"""Read copies of the marts in PostgreSQL."""
