"""The command line: commands, their output on a terminal, and how they reach a running server."""
