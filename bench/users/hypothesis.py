"""Hides hypothesis, a test dependency, from measured processes: pandera imports it if installed; users have none."""

raise ImportError("not among the product's packages")
