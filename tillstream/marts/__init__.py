"""The marts for other engines: facts and dimensions as Parquet files with a manifest."""
