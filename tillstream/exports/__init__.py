"""Tables as files: CSV, workbooks, JSON lines and Parquet."""
