"""HTML: the tables of web pages."""
