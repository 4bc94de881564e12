"""Secrets: credentials of sources, which are kept outside of Tillstream and read by name when they are used."""

from typing import Protocol

SECRET_PREFIX = "tillstream-source-"  # noqa: S105 - a part of a name
"""Start of the names of secrets in Secret Manager that can be read, so that no other secret of a project can be."""


class Secrets(Protocol):
    """Values are in no log, error or `repr`. Safe in threads."""

    def get(self, name: str) -> str:
        """The value, without a line break at its end. Raises `Rejected` for a name that is not allowed or has no value,
        `Unavailable`."""
