"""Stage batches: write accepted and rejected rows as Parquet, and a report. No shared table is written."""
