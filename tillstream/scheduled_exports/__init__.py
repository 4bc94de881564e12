"""Subscriptions to tables: a saved exploration or a query comes by e-mail as a file, on a schedule."""
