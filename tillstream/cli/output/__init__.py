"""The output of commands as text on a terminal."""
