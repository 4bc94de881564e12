"""Import and export of the catalogue: files of a kind, all or nothing, with a preview."""
