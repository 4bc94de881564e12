"""A contract that is proposed for a file."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Proposal:
    """The next version of a contract, or a new contract, for an administrator to accept."""

    contract: dict[str, Any]
    """The contract as plain data."""
    changes: tuple[str, ...] = ()
    """What it changes, for the reviewer."""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Proposal":
        return cls(data["contract"], tuple(data["changes"]))
