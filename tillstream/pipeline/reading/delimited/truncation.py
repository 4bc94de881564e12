"""Detect truncated text files from their last record and their trailer."""

import re
from collections.abc import Sequence
from typing import Literal

import pyarrow as pa

from tillstream.pipeline.reading.delimited.parse import Parsed
from tillstream.pipeline.reading.delimited.records import Layout
from tillstream.pipeline.reading.delimited.tokenizer import RecordSyntax
from tillstream.pipeline.rows.text_column import decoded

_COMPARED_ROWS, _MIN_ROWS = 1_000, 10
"""Maximum and minimum number of rows with which the last cell is compared."""
_MAX_WORD_SHARE = 0.2
_DECIMALS = re.compile(r"\d[.,](\d{1,4})\D*$")
_ROW_WORDS = (
    "rows?|records?|lines?|transactions?|entries|count|zeilen|datensätze|positionen|anzahl|lignes?|enregistrements?|"
    "filas?|registros?|líneas|linhas?|righe|record|regels|rader|wierszy|件数|行数|レコード数"
)
_TRAILER = re.compile(
    rf"(?:\b(?:{_ROW_WORDS})\b\W{{0,5}}(?P<after>\d{{1,10}})\b)|(?:\b(?P<before>\d{{1,10}})\s+(?:{_ROW_WORDS})\b)",
    re.IGNORECASE,
)


class TruncationCheck:
    """Receives each block in order; `reason` describes why the file looks truncated and is empty if it does not.

    A last line without a line ending is complete if it has all its cells and its last cell is like those above. If rows
    follow an unclosed quote, only the line of the quote is wrong. If none follow and the file ends without a line
    ending, the rest of the cell is missing.
    """

    def __init__(self) -> None:
        self.reason = ""
        self._open_quote_line = 0
        """Line of an unclosed quote with no readable row after it; 0 if none."""
        self._rows = 0
        """Rows so far that are neither blank nor ignored."""
        self._above: list[str] = []
        """The last cells of the rows before the block."""

    def add(self, data: bytes, layout: Layout, parsed: Parsed, lines: int, syntax: RecordSyntax) -> bool:
        """Check a block; returns whether the file may end inside the block's last row, without any evidence for it."""
        if not len(layout.starts):
            return False
        self._rows += len(layout.starts) - parsed.blank - parsed.ignored
        self._track_open_quote(layout, parsed, lines)
        last, line = len(layout.starts) - 1, lines + 1 + int(layout.lines[-1])
        self.reason, state = "", "whole"
        if not data.endswith((b"\n", b"\r")):
            self.reason = self._unfinished(data, layout, parsed, line, syntax)
            if not self.reason and len(parsed.accepted) and int(parsed.accepted[-1]) == last:
                state, self.reason = self._compare_last_row(parsed.table, line)
        self._above = [*self._above, *_last_cells(parsed.table)][-_COMPARED_ROWS:]
        self.reason = self.reason or self._missing_rows(parsed.trailer)
        return state == "unknown"

    def _compare_last_row(self, table: pa.Table, line: int) -> tuple[str, str]:
        """Compare the last cell of the last row with those above it; also return why it looks truncated."""
        *above, cell = _last_cells(table)
        above = [*self._above, *above][-_COMPARED_ROWS:]
        state = compare_last_cell(cell, above)
        if state != "cut":
            return state, ""
        example = next(value for value in reversed(above) if value)
        return state, f"line {line:,} ends with “{cell}” without a line break, where other rows end like “{example}”"

    def _unfinished(self, data: bytes, layout: Layout, parsed: Parsed, line: int, syntax: RecordSyntax) -> str:
        """Why a last record without a line ending is incomplete; empty if it has all its cells."""
        last = len(layout.starts) - 1
        if self._open_quote_line:
            return f"a quotation mark opens on line {self._open_quote_line:,} and the file ends before it is closed"
        if parsed.ragged.get(last, syntax.columns) < syntax.columns:
            return f"line {line:,} ends after {parsed.ragged[last]} of {syntax.columns} cells, without a line break"
        if last in parsed.undecodable:
            return f"line {line:,} ends inside a character"
        if last in parsed.nuls and not data[layout.starts[last] : layout.ends[last]].strip(b"\0"):
            return f"the file contains only NUL bytes from line {line:,}"
        return ""

    def _missing_rows(self, trailer: str) -> str:
        match = _TRAILER.search(trailer)
        count = int(match["after"] or match["before"]) if match else 0
        if count <= self._rows:
            return ""
        return f"its last line, “{trailer.strip()[:80]}”, counts {count:,} rows, and the file has {self._rows:,}"

    def _track_open_quote(self, layout: Layout, parsed: Parsed, lines: int) -> None:
        last_accepted = int(parsed.accepted[-1]) if len(parsed.accepted) else -1
        if last_accepted >= 0:
            self._open_quote_line = 0
        unclosed = layout.unclosed[layout.unclosed > last_accepted]
        if len(unclosed) and not self._open_quote_line:
            self._open_quote_line = lines + 1 + int(layout.lines[unclosed[0]])


def _last_cells(table: pa.Table) -> list[str]:
    """The last cells of the last rows."""
    column = table.column(table.num_columns - 1)
    return [text.strip() for text in decoded(column.slice(max(0, len(column) - _COMPARED_ROWS))).to_pylist()]


def compare_last_cell(cell: str, above: Sequence[str]) -> Literal["whole", "cut", "unknown"]:
    """Compare the last cell of a file without a final line break with the cells above it.

    The cell is whole if it repeats one of few words, or if no other cell is longer or has more decimals. It is cut if
    it has less of what all others have.
    """
    filled = [value for value in above if value]
    if len(filled) < _MIN_ROWS or len(filled) < len(above):
        return "whole" if not cell and len(filled) < len(above) else "unknown"
    words, lengths = set(filled), {len(value) for value in filled}
    decimals, last = {_decimals(value) for value in filled}, _decimals(cell)
    has_few_words = len(words) <= _MAX_WORD_SHARE * len(filled)
    is_longest = len(cell) >= max(lengths) and not cell.isdigit()
    if (has_few_words and cell in words) or is_longest or 0 < max(decimals) <= last:
        return "whole"
    is_part_of_word = has_few_words and any(word.startswith(cell) for word in words)
    lacks_decimals = len(decimals) == 1 and max(decimals) > 0
    is_too_short = len(lengths) == 1 and not all(value.isdigit() for value in filled)
    return "cut" if not cell or is_part_of_word or lacks_decimals or is_too_short else "unknown"


def _decimals(value: str) -> int:
    match = _DECIMALS.search(value)
    return len(match[1]) if match else 0
