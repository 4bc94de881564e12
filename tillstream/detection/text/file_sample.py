"""Sample a text file as a sheet: detect its delimiter and its header row, and split it into cells."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog, percentage
from tillstream.detection.sheet import NO_LINE, Sheet, build_sheet
from tillstream.detection.text import encoding, sample
from tillstream.detection.text.encoding import DecodedSample
from tillstream.detection.values.numbers import looks_like_number
from tillstream.detection.words import row_words
from tillstream.detection.words.headers import is_header_name
from tillstream.model.document_json import JsonObject
from tillstream.model.limits import LIMITS

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SCORED_RECORDS = 300
"""Number of records scored per delimiter."""
_MAX_SAMPLE_ROWS, _MAX_PIECE_ROWS = 20_000, 4_000
"""Maximum rows of the first piece and of each other piece; enough evidence in limited time."""
_HEADER_SEARCH_RECORDS = 40
"""Number of records searched for the header."""
_TRAILER_ROWS = 3
"""Number of last records that may be a trailer with another number of cells."""
csv.field_size_limit(LIMITS.record_bytes)

TextRow = tuple[int, list[str]]
"""Physical line on which a record starts, and its cells."""


@dataclass(frozen=True)
class Dialect:
    delimiter: str
    header_line: int
    """Physical line of the header; 0 if there is none."""
    ignore: tuple[str, ...] = ()
    """First words of non-sale lines."""
    names: tuple[str, ...] = ()
    """Generated column names of a file without a header."""


def detect_dialect(
    text: DecodedSample, log: DetectionLog, *, whole: bool, includes_end: bool = False
) -> tuple[Dialect, Sheet]:
    """Detect the dialect. Asks `delimiter` if several are plausible, and `header` if no row looks like one."""
    head = text.pieces[0]
    delimiter = _delimiter(head, log)
    rows = list(islice(_records(head, delimiter), _MAX_SAMPLE_ROWS))
    has_all_rows = len(rows) < _MAX_SAMPLE_ROWS
    width = _most_common_width(rows)
    header_index = _header_index(rows, width, log)
    if header_index is None:
        names: list[str] = [f"column {index}" for index in range(1, width + 1)]
        line, body = 0, rows
    else:
        line, header = rows[header_index]
        names, body = [name.strip() for name in _trim_trailing_empty(header, width)], rows[header_index + 1 :]
    cells, lines = _rows_of_width(body, len(names))
    if not whole and has_all_rows and lines:
        del cells[-1], lines[-1]  # it may be truncated
    contiguous_rows = len(cells)
    more = _rows_of_pieces(text.pieces[1:], delimiter, len(names), includes_end=includes_end)
    cells += more
    lines += [NO_LINE] * len(more)
    last_rows = [row for _, row in body[-_TRAILER_ROWS:] if len(row) != len(names)] if has_all_rows and whole else []
    total_rows, ignore = _total_rows(cells, last_rows, log)
    repeated = _repeated_headers(cells, names, log) if header_index is not None else set()
    left_out = total_rows | repeated
    contiguous_rows -= sum(index < contiguous_rows for index in left_out)
    rows_of_sales = [index for index in range(len(cells)) if index not in left_out]
    cells, lines = [cells[index] for index in rows_of_sales], [lines[index] for index in rows_of_sales]
    sheet = build_sheet(names, cells, lines, is_complete=whole and has_all_rows, contiguous_rows=contiguous_rows)
    return Dialect(delimiter, line, ignore, tuple(names) if header_index is None else ()), sheet


def _rows_of_pieces(pieces: Sequence[str], delimiter: str, width: int, *, includes_end: bool) -> list[list[str]]:
    """The rows of the pieces after the first, without those that a piece may cut."""
    result: list[list[str]] = []
    for index, piece in enumerate(pieces, 1):
        _, _, rest = piece.partition("\n")
        records = list(_records(rest, delimiter))[-_MAX_PIECE_ROWS:]
        is_cut = not includes_end or index < len(pieces)
        result += _rows_of_width(records[:-1] if is_cut else records, width)[0]
    return result


def _total_rows(
    cells: list[list[str]], last_rows: list[list[str]], log: DetectionLog
) -> tuple[set[int], tuple[str, ...]]:
    """Indices of the totals among the rows, and the first words of all. last_rows: those of another width."""
    total_rows, words = row_words.total_rows_at_end(cells)
    words = tuple(dict.fromkeys((*words, *row_words.total_rows_at_end(last_rows)[1])))
    if words:
        log.add_finding("ignore", ", ".join(words), "the last rows start like this: totals, not sales", LIKELY)
    return set(total_rows), words


def _repeated_headers(cells: list[list[str]], names: list[str], log: DetectionLog) -> set[int]:
    repeated = {index for index, row in enumerate(cells) if _is_header_row(row, names)}
    if repeated:
        log.add_finding("repeated_header", str(len(repeated)), "the header is repeated among the rows", CERTAIN)
    return repeated


def _is_header_row(row: list[str], names: list[str]) -> bool:
    return row[0].strip() == names[0] and [cell.strip() for cell in row] == names


def _records(text: str, delimiter: str) -> Iterator[TextRow]:
    """Yield non-blank records; a bare CR also ends a line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    start = 1
    try:
        for row in reader:
            if row and (row[0] or any(row)) and not (row[0].isspace() and not any(map(str.strip, row))):
                yield start, row
            start = reader.line_num + 1
    except csv.Error:
        return


def _delimiter(head: str, log: DetectionLog) -> str:
    answer = log.answer("delimiter")
    if answer:
        return {"tab": "\t", "\\t": "\t"}.get(answer, answer) if answer else ","
    start = head[: 200 * _SCORED_RECORDS]
    scores = {sign: _table_score(start, sign) for sign in DELIMITERS}
    ranked = sorted(scores, key=lambda sign: -scores[sign])
    best, other = ranked[0], ranked[1]
    if not scores[best]:
        log.add_finding("delimiter", ",", "there is only one column", LIKELY)
        return ","
    share = min(1.0, scores[best] % 10)
    evidence = f"{percentage(share)} of the first records have the same number of cells with {DELIMITERS[best]}s"
    if scores[best] > 1.25 * scores[other]:
        log.add_finding("delimiter", best, evidence, CERTAIN if share > 0.98 and not scores[other] else LIKELY)
    else:
        log.add_question(
            "delimiter", "Which character separates the cells?", tuple(s for s in ranked if scores[s]), evidence
        )
    return best


def _table_score(text: str, sign: str) -> float:
    """Score a delimiter: 10 per known header name plus the share of records of equal width; 0 if there is no table."""
    rows = []
    for row in _records(text, sign):
        rows.append(row)
        if len(rows) >= _SCORED_RECORDS:
            break
    if len(rows) > 3:
        rows.pop()
    width = _most_common_width(rows)
    if width < 2:
        return 0.0
    regular_share = sum(len(row) == width for _, row in rows) / len(rows)
    if regular_share < 0.5:
        return 0.0
    names = max(
        (sum(is_header_name(cell) for cell in row) for _, row in rows[:_HEADER_SEARCH_RECORDS] if len(row) == width),
        default=0,
    )
    return 10.0 * names + regular_share


def _most_common_width(rows: list[TextRow]) -> int:
    """Most common number of cells, among records with several cells."""
    counts = Counter(len(row) for _, row in rows if len(row) > 1) or Counter(len(row) for _, row in rows)
    return counts.most_common(1)[0][0] if counts else 0


def _rows_of_width(rows: list[TextRow], width: int) -> tuple[list[list[str]], list[int]]:
    """Records of this width, after trimming trailing empty cells."""
    cells, lines = [], []
    for line, row in rows:
        if len(row) > width and not any(row[width:]):
            row = row[:width]  # noqa: PLW2901
        if len(row) == width:
            cells.append(row)
            lines.append(line)
    return cells, lines


def _trim_trailing_empty(header: list[str], width: int) -> list[str]:
    """The header without empty cells from trailing delimiters."""
    return header[:width] if len(header) > width and not any(header[width:]) else header


def _header_index(rows: list[TextRow], width: int, log: DetectionLog) -> int | None:
    """Index of the header row, or None."""
    answer = log.answer("header")
    if answer is not None:
        return next((index for index, (line, _) in enumerate(rows) if str(line) == answer), None)
    candidates = {
        index: names
        for index, (_, row) in enumerate(rows[:_HEADER_SEARCH_RECORDS])
        if (names := _possible_header(row, width))
    }
    if not candidates:
        first = rows[0][0] if rows else 1
        ask = "Which line contains the column names? Enter 0 if there is none."
        log.add_question("header", ask, (), "no row looks like column names", (first,), default="0")
        return 0 if rows else None
    counts = {index: sum(map(is_header_name, names)) for index, names in candidates.items()}
    index = max(counts, key=lambda index: counts[index])  # the first of several
    best, line = counts[index], rows[index][0]
    if best >= 2 or index == 0:
        evidence = f"{best} of its names are known" if best else "it is the first row and contains only text"
        log.add_finding("header", f"line {line}", evidence, CERTAIN if best >= 3 else LIKELY, (line,))
    else:
        log.add_question("header", "Which line contains the column names?", (str(line),), "no known names", (line,))
    return index


def _possible_header(row: list[str], width: int) -> list[str]:
    """The names of a row that may be the header; empty if it is none."""
    names = [cell.strip() for cell in row if cell.strip()]
    is_full = len(row) >= width and len(names) >= (width + 1) // 2
    return [] if not is_full or any(map(looks_like_number, names)) else names


@dataclass(frozen=True)
class FileSample:
    """A file sample as a sheet, with the file settings used to read it."""

    sheet: Sheet
    file: JsonObject = field(default_factory=dict)
    """The contract's `file` section."""
    read: int = 0
    non_ascii_words: tuple[str, ...] = ()
    """Distinct words with non-ASCII letters, for text files."""
    is_encoding_sure: bool = True
    """Whether the encoding was detected without a question."""


def sample_file(stream: BinaryIO, log: DetectionLog | None = None) -> FileSample:
    """Sample a text file: at most `sample.MAX_SAMPLE_BYTES` bytes. For other formats use `build_sheet`."""
    return _to_file_sample(sample.take_sample(stream), log or DetectionLog())


def sample_unpacked(stream: sample.ByteStream, log: DetectionLog | None = None) -> FileSample:
    """Sample a text file that is unpacked as it is read."""
    return _to_file_sample(sample.take_unpacked_sample(stream), log or DetectionLog())


def _to_file_sample(raw: sample.ByteSample, log: DetectionLog) -> FileSample:
    text = encoding.detect_encoding(raw, log)
    style, sheet = detect_dialect(text, log, whole=raw.whole, includes_end=raw.includes_end)
    is_sure = all(question.key != "encoding" for question in log.questions)
    return FileSample(sheet, _file_settings(text.encoding, style), raw.read, encoding.non_ascii_words(text), is_sure)


def _file_settings(encoding: str, style: Dialect) -> JsonObject:
    settings = {"ignore": list(style.ignore), "header": list(style.names)}
    return {"encoding": encoding, "delimiter": style.delimiter} | settings
