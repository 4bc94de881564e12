"""Multilingual vocabularies for headers, statuses and totals."""
