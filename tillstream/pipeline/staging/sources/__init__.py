"""Where the rows of a batch come from: a file, messages of stores, or a correction."""
