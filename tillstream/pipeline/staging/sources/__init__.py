"""Sources of a batch's rows: a file, store sale messages or a correction."""
