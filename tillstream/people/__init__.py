"""Accounts, passwords and tokens, stored as documents. Imports domain and ports only."""
