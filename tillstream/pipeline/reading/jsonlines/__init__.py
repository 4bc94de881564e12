"""Reader for JSON lines (NDJSON) that keeps the digits of the source."""
