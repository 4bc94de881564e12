"""The content of the sale index, read from the ledger in BigQuery."""
