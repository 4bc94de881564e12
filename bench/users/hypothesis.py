"""Hides the tests' own hypothesis from a measured process: pandera loads it wherever it is, and users have none."""

raise ImportError("not among the product's packages")
