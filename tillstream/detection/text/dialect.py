"""Text → rows of cells: which sign stands between cells, and which row names the columns."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.sheet import NOWHERE, Sheet, sheet_of
from tillstream.detection.text.encoding import Text
from tillstream.detection.values.numbers import looks_written
from tillstream.detection.words import footers
from tillstream.detection.words.headers import known

SIGNS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_TRIED = 300
"""Records that are tried with each sign."""
_MOST_ROWS, _FURTHER_ROWS = 20_000, 4_000
"""Of the first piece and of each other one: enough for proofs, few enough for the clock."""
_PREAMBLE = 40
"""A header stands among so many first records."""
csv.field_size_limit(1 << 20)

Row = tuple[int, list[str]]
"""The physical line a record starts on, and its cells."""


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    header_line: int
    """The physical line of the header, 0 where the file has none."""
    ignore: tuple[str, ...] = ()
    """First words of lines that are no sales."""
    names: tuple[str, ...] = ()
    """Names given to the columns of a file without a header."""


def decide(text: Text, told: Told, *, whole: bool, ended: bool = False) -> tuple[Dialect, Sheet]:
    """Asks `delimiter` where two signs give tables, and `header` where no row names the columns."""
    head = text.pieces[0]
    delimiter = _delimiter(head, told)
    rows = list(islice(_records(head, delimiter), _MOST_ROWS))
    all_rows = len(rows) < _MOST_ROWS
    width = _width(rows)
    place = _header(rows, width, told)
    if place is None:
        names: list[str] = [f"column {number}" for number in range(1, width + 1)]
        line, body = 0, rows
    else:
        line, header = rows[place]
        names, body = [name.strip() for name in _unended(header, width)], rows[place + 1 :]
    cells, lines = _of_width(body, len(names))
    if not whole and all_rows and lines:
        del cells[-1], lines[-1]  # it may have been cut
    together = len(cells)
    for number, piece in enumerate(text.pieces[1:], 2):
        _, _, after = piece.partition("\n")
        records = list(_records(after, delimiter))[-_FURTHER_ROWS:]
        more, _ = _of_width(records if ended and number == len(text.pieces) else records[:-1], len(names))
        cells += more
        lines += [NOWHERE] * len(more)
    gone, ignore = footers.totals(cells)
    if ignore:
        told.find("ignore", ", ".join(ignore), f"so begin {len(gone)} of the last rows: totals, no sales", LIKELY)
    repeated = {number for number, row in enumerate(cells) if place is not None and _same(row, names)}
    if repeated:
        told.find("repeated_header", str(len(repeated)), "the header is repeated among the rows", CERTAIN)
    kept = [number for number in range(len(cells)) if number not in gone | repeated]
    together -= sum(number < together for number in gone | repeated)
    cells, lines = [cells[number] for number in kept], [lines[number] for number in kept]
    sheet = sheet_of(names, cells, lines, whole=whole and all_rows, together=together)
    return Dialect(delimiter, line, ignore, tuple(names) if place is None else ()), sheet


def _same(row: list[str], names: list[str]) -> bool:
    return row[0].strip() == names[0] and [cell.strip() for cell in row] == names


def _records(text: str, delimiter: str) -> Iterator[Row]:
    """Records with something in them; a bare carriage return ends a line too."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            if row and (row[0] or any(row)) and not (row[0].isspace() and not any(map(str.strip, row))):
                yield start, row
            start = reader.line_num + 1
    except csv.Error:
        return


def _delimiter(head: str, told: Told) -> str:
    given = told.answer("delimiter")
    if given:
        return {"tab": "\t", "\\t": "\t"}.get(given, given) if given else ","
    first = head[: 200 * _TRIED]
    scores = {sign: _table_likeness(first, sign) for sign in SIGNS}
    ranked = sorted(scores, key=lambda sign: -scores[sign])
    best, other = ranked[0], ranked[1]
    if not scores[best]:
        told.find("delimiter", ",", "there is only one column", LIKELY)
        return ","
    share = min(1.0, scores[best] % 10)
    evidence = f"{share:.0%} of the first records have equally many cells with {SIGNS[best]}s"
    if scores[best] > 1.25 * scores[other]:
        told.find("delimiter", best, evidence, CERTAIN if share > 0.98 and not scores[other] else LIKELY)
    else:
        told.ask("delimiter", "What stands between the cells?", tuple(s for s in ranked if scores[s]), evidence)
    return best


def _table_likeness(text: str, sign: str) -> float:
    """0 where the sign makes no table; else 10 for each name of the header that is known, and how even it is."""
    rows = []
    for row in _records(text, sign):
        rows.append(row)
        if len(rows) >= _TRIED:
            break
    if len(rows) > 3:
        rows.pop()
    width = _width(rows)
    if width < 2:
        return 0.0
    even = sum(len(row) == width for _, row in rows) / len(rows)
    if even < 0.5:
        return 0.0
    names = max((sum(known(cell) for cell in row) for _, row in rows[:_PREAMBLE] if len(row) == width), default=0)
    return 10.0 * names + even


def _width(rows: list[Row]) -> int:
    """The number of cells that most records have, of those that have several."""
    counted = Counter(len(row) for _, row in rows if len(row) > 1) or Counter(len(row) for _, row in rows)
    return counted.most_common(1)[0][0] if counted else 0


def _of_width(rows: list[Row], width: int) -> tuple[list[list[str]], list[int]]:
    """Records of that width; those with empty cells behind it are cut to it."""
    cells, lines = [], []
    for line, row in rows:
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # noqa: PLW2901
        if len(row) == width:
            cells.append(row)
            lines.append(line)
    return cells, lines


def _unended(header: list[str], width: int) -> list[str]:
    """The names, without an empty one that a trailing delimiter leaves."""
    return header[:width] if len(header) > width and not any(header[width:]) else header


def _header(rows: list[Row], width: int, told: Told) -> int | None:
    """The place of the row that names the columns."""
    given = told.answer("header")
    if given is not None:
        return next((place for place, (line, _) in enumerate(rows) if str(line) == given), None)
    found: list[tuple[int, int]] = []
    for place, (_, row) in enumerate(rows[:_PREAMBLE]):
        names = [cell.strip() for cell in row if cell.strip()]
        if len(row) < width or len(names) < (width + 1) // 2 or any(looks_written(name) for name in names):
            continue
        found.append((sum(known(name) for name in names), place))
    if not found:
        first = rows[0][0] if rows else 1
        why = "no row looks like names"
        told.ask("header", "On which line do the names of the columns stand? 0: on none.", (), why, (first,))
        return 0 if rows else None
    most = max(count for count, _ in found)
    place = next(place for count, place in found if count == most)
    line = rows[place][0]
    if most >= 2 or place == 0:
        what = f"{most} of its names are known" if most else "it is the first row, of texts alone"
        told.find("header", f"line {line}", what, CERTAIN if most >= 3 else LIKELY, (line,))
    else:
        told.ask("header", "On which line do the names of the columns stand?", (str(line),), "no known names", (line,))
    return place
