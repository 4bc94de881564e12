"""The bytes of a file: a sample of it, its encoding and its dialect."""
