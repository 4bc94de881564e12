"""Parse one block's records into an Arrow table; list those that cannot be parsed, and repair ragged ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tillstream.model.text import is_utf8
from tillstream.pipeline.reading.delimited.header_search import Header
from tillstream.pipeline.reading.delimited.text_records import (
    CR,
    LF,
    Bools,
    Ints,
    RecordLayout,
    RecordSyntax,
    split_record,
    unwrap_record,
)
from tillstream.pipeline.reading.file_signatures import UTF8_BOM
from tillstream.pipeline.reading.skipped_rows import is_ignored, non_sale_rows, repeated_headers
from tillstream.pipeline.rows.text_columns import TEXT, decode_texts, to_bool_array


def undecodable_records(data: bytes, layout: RecordLayout, is_parsed: Bools) -> Ints:
    """Indices of the parsed records that are not UTF-8."""
    covered = memoryview(data)[: layout.size]
    if data.isascii() or _is_utf8_block(covered):
        return np.empty(0, np.int64)
    high = np.flatnonzero(np.frombuffer(covered, np.uint8) > 127)
    suspects = np.unique(np.searchsorted(layout.starts, high, side="right") - 1)
    invalid = [
        i for i in suspects[is_parsed[suspects]].tolist() if not is_utf8(data[layout.starts[i] : layout.ends[i]])
    ]
    return np.array(invalid, np.int64)


def _is_utf8_block(data: memoryview) -> bool:
    """Validate UTF-8 without decoding the whole block into a string."""
    text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, len(data)], pa.int32()).buffers()[1], pa.py_buffer(data)]
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


@dataclass(frozen=True)
class RepairedRecords:
    rows: dict[int, list[bytes]]
    """Record index → cells, padded to the header's width."""
    unwrapped: list[int]
    """Indices of records that were quoted as a whole."""
    syntax: RecordSyntax

    @classmethod
    def from_records(
        cls, data: bytes, layout: RecordLayout, ragged: Mapping[int, int], header: Header, syntax: RecordSyntax
    ) -> "RepairedRecords":
        """Repair records that miss only unnamed cells or are quoted as a whole. ragged: record index → cell count."""
        repaired = cls({}, [], syntax)
        for index, count in ragged.items():
            if count not in (1, header.named_width):
                continue
            record = data[layout.starts[index] : layout.ends[index]]
            row = split_record(record, syntax)
            if len(row) == 1 and (inside := unwrap_record(record, syntax)):
                row = inside
                repaired.unwrapped.append(index)
            if _completed_row(row, header):
                repaired.rows[index] = row + [b""] * (header.width - len(row))
        repaired.unwrapped[:] = [index for index in repaired.unwrapped if index in repaired.rows]
        return repaired

    def texts(self, record: bytes) -> list[str]:
        return [cell.decode().strip() for cell in split_record(record, self.syntax)]


def _completed_row(row: list[bytes], header: Header) -> bool:
    """Whether no named cell is missing; a row without trailing delimiters must end with a non-empty named cell."""
    return len(row) == header.width > 1 or (len(row) == header.named_width < header.width and bool(row[-1].strip()))


@dataclass(frozen=True)
class ParsedRecords:
    """Parse result of a block; records are identified by index."""

    table: pa.Table
    accepted: Ints
    """Index of the source record of each table row."""
    ragged: dict[int, int]
    """Record with too few or too many cells → its number of cells."""
    undecodable: list[int]
    nuls: list[int]
    """Records that contain NUL bytes."""
    unwrapped: Ints
    """Table rows whose record was quoted as a whole."""
    blank: int
    ignored: int
    headers: Ints
    """Records that repeat the header."""
    irregular: int
    """Number of records that cannot be read, or are blank and were read one by one."""
    trailer: str = ""
    """Text of the last record, if it is ignored."""


def parse_records(
    data: bytes, layout: RecordLayout, header: Header, syntax: RecordSyntax, ignore: tuple[str, ...] = ()
) -> ParsedRecords:
    """Parse all cells as `TEXT`, untrimmed and without nulls. Raises `RuntimeError` if row and record counts differ."""
    starts, ends = layout.starts, layout.ends
    is_parsed = ends > starts
    empty = int(np.count_nonzero(~is_parsed))
    is_parsed[layout.unclosed] = False
    undecodable = undecodable_records(data, layout, is_parsed)
    is_parsed[undecodable] = False
    nuls = _records_with_byte(data, b"\0", layout, is_parsed)
    is_parsed[nuls] = False
    dropped = np.concatenate((layout.unclosed, undecodable, nuls)).astype(np.int64)
    rows = np.flatnonzero(is_parsed)
    requoted = {
        int(i): split_record(data[starts[i] : ends[i]], syntax) for i in _records_with_bare_cr(data, layout, is_parsed)
    }
    table, ragged = _parse_rows(data, layout, header, syntax, dropped, requoted, rows)
    repaired = RepairedRecords.from_records(data, layout, ragged, header, syntax)
    if repaired.rows:
        table, ragged = _parse_rows(data, layout, header, syntax, dropped, requoted | repaired.rows, rows)
    if header.width > len(header.names):
        table, ragged = _drop_extra_columns(table, header, ragged, rows)
    accepted = np.delete(rows, np.searchsorted(rows, np.fromiter(ragged, np.int64, len(ragged))))
    ragged_texts = {i: repaired.texts(data[starts[i] : ends[i]]) for i in ragged}
    blank_ragged = [i for i, row in ragged_texts.items() if not any(row)]
    total_ragged = [i for i, row in ragged_texts.items() if is_ignored(row, ignore, header.width)]
    for index in (*blank_ragged, *total_ragged):
        del ragged[index]
    irregular = len(dropped) + len(ragged) + len(blank_ragged)
    blank = _blank_rows(data, table, starts[accepted], syntax)
    skipped = non_sale_rows(table, header.source_names, ignore)
    skipped[blank] = False
    headers = accepted[repeated_headers(table, header.source_names)] if skipped.any() else accepted[:0]
    ignored = len(total_ragged) + int(np.count_nonzero(skipped))
    if len(blank) or skipped.any():
        skipped[blank] = True
        table, accepted = table.filter(pa.array(~skipped)).combine_chunks(), accepted[~skipped]
    unwrapped = np.flatnonzero(np.isin(accepted, repaired.unwrapped))
    blank_rows = empty + len(blank_ragged) + len(blank)
    trailer = _trailer(data, layout, is_parsed, {*accepted[-1:].tolist(), *ragged}) if ignored else ""
    return ParsedRecords(
        table,
        accepted,
        ragged,
        undecodable.tolist(),
        nuls.tolist(),
        unwrapped,
        blank_rows,
        ignored,
        headers,
        irregular,
        trailer,
    )


def _trailer(data: bytes, layout: RecordLayout, is_parsed: Bools, rows: set[int]) -> str:
    """Text of the last record that is not empty, unless it is a row."""
    last = max(np.flatnonzero(is_parsed), default=-1)
    return "" if last < 0 or last in rows else data[layout.starts[last] : layout.ends[last]].decode(errors="replace")


def _parse_rows(
    data: bytes,
    layout: RecordLayout,
    header: Header,
    syntax: RecordSyntax,
    dropped: Ints,
    requoted: dict[int, list[bytes]],
    rows: Ints,
) -> tuple[pa.Table, dict[int, int]]:
    """The table of the records `rows`, and ragged records with their cell counts. requoted: replacement cells."""
    names = header.names + [f"\0{index}" for index in range(len(header.names), header.width)]
    if not len(rows):
        return _empty_table(names), {}
    quote = syntax.quote or (_unused_quote(data, syntax) if requoted else b"")
    table, ragged = _read_csv(
        _csv_input(data, layout, dropped, requoted, syntax.delimiter, quote), names, syntax.delimiter, quote
    )
    if table.num_rows + len(ragged) != len(rows):
        raise RuntimeError(f"{len(rows)} records gave {table.num_rows} rows and {len(ragged)} ragged ones.")
    return table, {int(rows[position]): count for position, count in ragged}


def _drop_extra_columns(
    table: pa.Table, header: Header, ragged: dict[int, int], rows: Ints
) -> tuple[pa.Table, dict[int, int]]:
    """Drop the columns beyond the header; rows with text in them become ragged."""
    extra_columns = table.columns[len(header.names) :]
    table = table.select(header.names)
    has_extra = np.zeros(table.num_rows, np.bool_)
    for column in extra_columns:
        has_extra |= to_bool_array(pc.not_equal(pc.utf8_trim_whitespace(decode_texts(column)), ""))
    if not has_extra.any():
        return table, ragged
    parsed = np.delete(rows, np.searchsorted(rows, np.fromiter(ragged, np.int64, len(ragged))))
    ragged = dict(sorted((ragged | dict.fromkeys(parsed[has_extra].tolist(), header.width)).items()))
    return table.filter(pa.array(~has_extra)).combine_chunks(), ragged


def _unused_quote(data: bytes, syntax: RecordSyntax) -> bytes:
    """An ASCII byte absent from the data, to quote cells of a file without a quote character."""
    signs = (bytes([code]) for code in range(1, 128))
    return next(sign for sign in signs if sign not in data and sign not in (b"\r", b"\n", syntax.delimiter))


def _read_csv(
    feed: memoryview, names: list[str], delimiter: bytes, quote: bytes
) -> tuple[pa.Table, list[tuple[int, int]]]:
    """The table, and (row position, cell count) of each ragged row."""
    ragged: list[tuple[int, int]] = []

    def collect_ragged(row: csv.InvalidRow) -> Literal["skip"]:
        ragged.append(((row.number or 0) - 1, row.actual_columns))
        return "skip"

    if feed[: len(UTF8_BOM)] == UTF8_BOM:
        feed = memoryview(UTF8_BOM + feed)  # Arrow strips the first BOM, but here a BOM is part of the cell
    table = csv.read_csv(
        pa.BufferReader(feed),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(feed), column_names=names),
        parse_options=csv.ParseOptions(
            delimiter=delimiter.decode(),
            quote_char=quote.decode() or False,
            newlines_in_values=True,
            ignore_empty_lines=True,
            invalid_row_handler=collect_ragged,
        ),
        # The bytes are valid UTF-8 here, so Arrow does not have to check again.
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT), strings_can_be_null=False, check_utf8=False
        ),
    )
    return table, ragged


def _empty_table(names: list[str]) -> pa.Table:
    return pa.schema([(name, TEXT) for name in names]).empty_table()


def _records_with_bare_cr(data: bytes, layout: RecordLayout, is_parsed: Bools) -> Ints:
    """Indices of the parsed records that contain a CR outside a line ending, where Arrow would end the row."""
    if data.find(b"\r", 0, layout.size) < 0:
        return np.empty(0, np.int64)
    buffer = np.frombuffer(data, np.uint8, layout.size)
    returns = np.flatnonzero(buffer == CR)
    after = buffer[np.minimum(returns + 1, layout.size - 1)]
    bare = returns[(after != LF) & (returns != layout.size - 1)]
    records = np.unique(np.searchsorted(layout.starts, bare, side="right") - 1)
    suspects: Ints = records[is_parsed[records]]
    return suspects


def _records_with_byte(data: bytes, byte: bytes, layout: RecordLayout, is_parsed: Bools) -> Ints:
    """Indices of the parsed records that contain the byte."""
    if data.find(byte, 0, layout.size) < 0:
        return np.empty(0, np.int64)
    positions = np.flatnonzero(np.frombuffer(data, np.uint8, layout.size) == ord(byte))
    records = np.unique(np.searchsorted(layout.starts, positions, side="right") - 1)
    suspects: Ints = records[is_parsed[records]]
    return suspects


def _csv_input(
    data: bytes, layout: RecordLayout, dropped: Ints, requoted: dict[int, list[bytes]], delimiter: bytes, quote: bytes
) -> memoryview:
    """CSV input for Arrow: the block without dropped records, with quoted replacement cells for `requoted`."""
    if not len(dropped) and not requoted:
        return memoryview(data)[: layout.size]
    parts: list[bytes | memoryview] = []
    view, position = memoryview(data), 0
    next_starts = np.append(layout.starts[1:], layout.size)
    for index in sorted({*requoted, *dropped.tolist()}):
        start = int(layout.starts[index])
        parts.append(view[position:start])
        position = int(next_starts[index])
        if index in requoted:
            quoted = (quote + cell.replace(quote, quote * 2) + quote for cell in requoted[index])
            parts.append(delimiter.join(quoted) + b"\n")
    parts.append(view[position : layout.size])
    return memoryview(b"".join(parts))


def _blank_rows(data: bytes, table: pa.Table, starts: Ints, syntax: RecordSyntax) -> Ints:
    """Rows of the table with only empty or whitespace cells."""
    first = np.frombuffer(data, np.uint8)[starts]
    # Only these bytes can start a blank row, so nearly all rows need no further check.
    quote = ord(syntax.quote or b" ")
    rows = np.flatnonzero((first <= 32) | (first == ord(syntax.delimiter)) | (first == quote) | (first > 127))
    for column in table.columns:
        if not len(rows):
            break
        cell = pc.utf8_trim_whitespace(decode_texts(column.take(rows)))
        rows = rows[to_bool_array(pc.equal(cell, ""))]
    return rows
