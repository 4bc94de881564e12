"""Reader options: file style from the contract, and resource limits."""

from dataclasses import dataclass, field

from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.limits import LIMITS, Limits

BLOCK_BYTES = 8 << 20
"""Bytes of text in a block. Larger blocks are not faster; small ones save memory, as several exist at a time."""


@dataclass(frozen=True)
class ReadOptions:
    style: FileStyle = field(default_factory=FileStyle)
    required_headers: tuple[str, ...] = ()
    """Column names that identify the header row in formats that allow rows above it."""
    decimal: str = "."
    """Decimal separator for numbers in typed cells."""
    limits: Limits = LIMITS
    file: str = ""
    """Name of the file."""
    block_bytes: int = BLOCK_BYTES
    refused_threshold: float = 0.0
    """Share of rows that the contract allows to be rejected."""
