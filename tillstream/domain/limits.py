"""How much a file may unfold to before it is refused: small files that grow without end are not worth their memory."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    unpacked_bytes: int = 64 << 30
    """Of what gzip or zip holds."""
    ratio: int = 250
    """Times that a compressed file may grow; sales grow by 5 to 30, files made to harm by 1,000."""
    free_bytes: int = 64 << 20
    """So much may come out of any file: empty lines of a short sheet grow more than sales do."""
    sheet_bytes: int = 1 << 30
    """Of a workbook unpacked, as its sheet is held in memory."""


LIMITS = Limits()
