"""Region contracts: shipped contracts, the loader, and the registry of versions that have read files."""
