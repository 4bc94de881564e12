"""The model of a region contract: how one source writes its files."""
