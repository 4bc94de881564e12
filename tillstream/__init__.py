"""Tillstream gathers sales from every region and store, and proves that none was lost or counted twice."""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
_OF_CLIENT = frozenset({"Client", "connect"})


def __getattr__(name: str) -> Any:
    """`connect` of the Python client, imported on first use: `import tillstream` alone loads nothing else."""
    if name in _OF_CLIENT:
        return getattr(import_module("tillstream.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
