"""Stage the files of a backfill on Apache Spark."""
