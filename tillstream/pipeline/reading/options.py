"""What a reader of any format must know of the contract, and of what a file may cost."""

from dataclasses import dataclass, field

from tillstream.domain.contract.sections import FileStyle
from tillstream.domain.limits import LIMITS, Limits

BLOCK_BYTES = 8 << 20
"""As fast as larger blocks, and a few of them on their way stay small in memory."""


@dataclass(frozen=True)
class Manner:
    style: FileStyle = field(default_factory=FileStyle)
    needed: tuple[str, ...] = ()
    """The first row that has all of these is the header, where a format may have rows above it."""
    decimal: str = "."
    """The sign in which numbers of typed cells are written."""
    limits: Limits = LIMITS
    block_bytes: int = BLOCK_BYTES
