"""Benchmark of backfills on Spark."""
