"""Sample a file, and detect its encoding and dialect."""
