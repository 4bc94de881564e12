"""Accounts, passwords, tokens and scopes, stored as documents."""
