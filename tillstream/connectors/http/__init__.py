"""HTTP: a session that connects to checked addresses only, JSON APIs in pages, and their records as rows."""
