"""Accounts, passwords and tokens, kept as documents. Imports domain and ports only."""
