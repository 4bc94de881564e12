"""Domain model: no I/O, no imports from other packages."""
