"""Reader for Parquet files; typed values become lossless text."""
