"""Options and limits of reading a file, and the error of a file that cannot be read."""

from dataclasses import dataclass, field

from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS, Limits
from tillstream.model.problems import CATALOGUE

BLOCK_BYTES = 8 << 20
"""Bytes of text in a block. Larger blocks are not faster; small ones save memory, as several exist at a time."""

MOSTLY_IRREGULAR = "too-many-refused"
"""Code of the rejection of a file with too many irregular rows."""
_MAX_SHARE, _MAX_SHOWN = 0.5, 80


class UnreadableFile(Rejected):
    """The whole file is rejected; `code` is a rejection code of the catalogue."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def unreadable(message: str) -> UnreadableFile:
    return UnreadableFile("unreadable-file", message)


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


def check_unpacked_size(unpacked: int, packed: int, limits: Limits) -> None:
    """Raise `UnreadableFile` if `packed` bytes expand beyond the limits. A cell counts as a byte, also an empty one."""
    if unpacked > limits.unpacked_bytes:
        raise unreadable(
            f"The file contains more than {limits.unpacked_bytes >> 20:,} megabytes when unpacked. Upload it in "
            "parts, or ask your administrator to raise the limit (unpacked_limit_mb)."
        )
    if unpacked > limits.free_bytes and unpacked > limits.ratio * packed:
        raise unreadable(
            f"The file grows to more than {limits.ratio} times its size when unpacked, which is unusual for sales. "
            "Check its content; your administrator can raise the limit (unpacked_ratio)."
        )


def check_cell_size(size: int, name: str) -> None:
    """Raise `UnreadableFile` if a cell of the column is larger than a row of a text file may be."""
    if size > LIMITS.record_bytes:
        raise unreadable(
            f"A cell of “{name[:_MAX_SHOWN]}” is longer than {LIMITS.record_bytes:,} bytes, which is unusual for "
            "sales. Check the content of the file, and export it again."
        )


def line_too_long(line: int, limit: int) -> UnreadableFile:
    return unreadable(f"Line {line:,} is longer than {limit:,} bytes. Check whether line breaks are missing.")


def describe_problem(line: int, code: str, column: str | None, value: str | None, detail: str) -> str:
    """A problem of a row in a sentence, as the example of a file that is rejected."""
    shown = value if value is None or len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}…"
    return f"Line {line:,}: {CATALOGUE[code].format_message(column, shown, detail[:_MAX_SHOWN])}"


class RowBudget:
    """Counts the rows of a file, and those that are irregular: rejected, or blank and read one by one."""

    def __init__(self, limits: Limits, refused_threshold: float) -> None:
        """refused_threshold: share of rejected rows that the contract allows; half is allowed as long as a person can
        decide about them."""
        self._limits, self._threshold = limits, refused_threshold
        self._rows = self._irregular = 0
        self._example = ""

    def spend(self, rows: int, irregular: int, example: str) -> None:
        """Add rows in the order of the file. example: the first irregular one and why; empty if there is none.

        Raises `UnreadableFile` once too many rows are irregular.
        """
        self._rows, self._irregular = self._rows + rows, self._irregular + irregular
        self._example = self._example or example
        is_too_much = self._irregular > self._limits.most_irregular_rows
        allowed = self._threshold if is_too_much else max(self._threshold, _MAX_SHARE)
        if self._irregular > self._limits.irregular_rows and self._irregular > allowed * self._rows:
            raise UnreadableFile(
                MOSTLY_IRREGULAR,
                f"{self._irregular:,} of the first {self._rows:,} rows cannot be imported. {self._example}"
                f"{' ' if self._example else ''}Nothing was imported, and the file is kept. Check that the data source "
                "fits the file, correct the file, and upload it again.",
            )
