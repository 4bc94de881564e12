"""Limits on memory and work of reading a file, on rows of a settlement, and on the time that a preview is kept."""

from dataclasses import dataclass
from datetime import timedelta

SETTLEMENT_MEMORY = "600MB"
"""Default memory limit of DuckDB for a settlement on a slice of the ledger. The process needs about twice as much, for
the rows that are appended (ADR 033)."""


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
    record_bytes: int = 1 << 20
    """Largest row of a text file, and largest cell of any other."""
    columns: int = 2_000
    """Columns of a file; a contract can allow more of its files."""
    irregular_rows: int = 50_000
    """Rows that are rejected, or blank and read one by one, beyond which a file is not read on once more than half of
    its rows so far, and more than the `refused_threshold` of its contract, are such: each takes about a hundred times
    as long as a row that is read in columns."""
    most_irregular_rows: int = 150_000
    """As `irregular_rows`, for a file of which less than half is such: more of them are no work for a person."""
    settled_rows: int = 500_000
    """Rows of a settlement that a cloud process with 2 GiB can settle in memory; more are left to the job."""
    preview_kept: timedelta = timedelta(days=7)
    """Time without activity after which a preview that was not confirmed is deleted."""


LIMITS = Limits()
