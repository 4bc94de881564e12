"""Parquet files: typed values as text that loses nothing."""
