"""Numbers as a source writes them become exact decimals."""
