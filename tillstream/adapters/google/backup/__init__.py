"""A project's backup: documents, tables and originals in a bucket."""
