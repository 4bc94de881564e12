"""The people room: accounts, passwords and store tokens, kept as documents. Imports domain and ports only."""
