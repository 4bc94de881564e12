"""Secrets: credentials of sources, which are kept outside of Tillstream and read by name when they are used."""

from typing import Protocol


class Secrets(Protocol):
    """Values are in no log, error or `repr`. Safe in threads."""

    def get(self, name: str) -> str:
        """The value, without a line break at its end. Raises `Rejected` for a name that is not allowed or has no value,
        `Unavailable`."""
