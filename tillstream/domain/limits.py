"""Limits on the decompressed size of files, against decompression bombs, on the rows of a settlement, and on the time
that a preview is kept."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Limits:
    unpacked_bytes: int = 64 << 30
    """Largest decompressed content of a gzip or zip file."""
    ratio: int = 250
    """Largest ratio of decompressed to compressed size; sales reach 5 to 30, decompression bombs 1,000."""
    free_bytes: int = 64 << 20
    """Decompressed size below which `ratio` is not checked: empty lines of a short sheet compress better than sales."""
    sheet_bytes: int = 1 << 30
    """Largest decompressed workbook; lower because its sheet is held in memory."""
    settled_rows: int = 500_000
    """Rows of a settlement that a cloud process with 2 GiB can settle in memory; more are left to the job."""
    preview_kept: timedelta = timedelta(days=7)
    """Time without activity after which a preview that was not confirmed is deleted."""


LIMITS = Limits()

SETTLEMENT_MEMORY = "600MB"
"""Default memory limit of DuckDB for a settlement on a slice of the ledger. The process needs about twice as much, for
the rows that are appended (ADR 041)."""
