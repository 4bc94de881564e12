"""Implementation of commands, independent of how they are called: in a terminal or through the server."""
