"""Row-level security: which rows a query reads, by the scope of a user and the filters."""
