"""Staging: a batch becomes accepted and rejected rows as Parquet and a report; nothing shared is written."""
