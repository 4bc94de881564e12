"""Tables as files: CSV, workbooks, PDF, JSON lines and Parquet."""
