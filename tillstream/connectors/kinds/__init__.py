"""Kinds of connectors, one module each. To add one, write a module with a `KIND` and add a line to `table`."""
