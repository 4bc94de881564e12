"""The cells of one block's records as an Arrow table, and the records that give none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tillstream.pipeline.reading.delimited.header import Header
from tillstream.pipeline.reading.delimited.records import CR, LF, Bools, Ints, Layout
from tillstream.pipeline.reading.delimited.row_repair import Saved
from tillstream.pipeline.reading.delimited.tokenizer import Rules, cells
from tillstream.pipeline.reading.skipped_rows import is_ignored, no_sales
from tillstream.pipeline.reading.sniffing import BOM
from tillstream.pipeline.rows.schema import TEXT
from tillstream.pipeline.rows.text_column import flags, plain


@dataclass(frozen=True)
class Parsed:
    """What became of the records of a block, by their indices."""

    table: pa.Table
    accepted: Ints
    """The records of the table's rows."""
    ragged: dict[int, int]
    """Those with another number of cells → that number."""
    undecodable: list[int]
    nuls: list[int]
    """Those that hold NUL bytes."""
    unwrapped: Ints
    """Rows of the table that were quoted whole, as one cell."""
    blank: int
    ignored: int


def parse(data: bytes, layout: Layout, header: Header, rules: Rules, ignore: tuple[str, ...] = ()) -> Parsed:
    """Every cell as `TEXT`, nothing trimmed or null. Raises `RuntimeError` should rows and records ever differ."""
    starts, ends = layout.starts, layout.ends
    fed = ends > starts
    empty = int(np.count_nonzero(~fed))
    fed[layout.unclosed] = False
    undecodable = _undecodable(data, layout, fed)
    fed[undecodable] = False
    nuls = _with_byte(data, b"\0", layout, fed)
    fed[nuls] = False
    dropped = np.concatenate((layout.unclosed, undecodable, nuls)).astype(np.int64)
    rows = np.flatnonzero(fed)
    again = {int(i): cells(data[starts[i] : ends[i]], rules) for i in _with_bare_returns(data, layout, fed)}
    table, ragged = _rows(data, layout, header, rules, dropped, again, rows)
    saved = Saved.of(data, layout, ragged, header, rules)
    if saved.rows:
        table, ragged = _rows(data, layout, header, rules, dropped, again | saved.rows, rows)
    if header.width > len(header.names):
        table, ragged = _without_surplus(table, header, ragged, rows)
    accepted = np.delete(rows, np.searchsorted(rows, np.fromiter(ragged, np.int64, len(ragged))))
    told = {i: saved.texts(data[starts[i] : ends[i]]) for i in ragged}
    spaces = [i for i, row in told.items() if not any(row)]
    totals = [i for i, row in told.items() if is_ignored(row, ignore)]
    for index in (*spaces, *totals):
        del ragged[index]
    blank, skipped = _blank_rows(data, table, starts[accepted], rules), no_sales(table, header.told, ignore)
    skipped[blank] = False
    ignored = len(totals) + int(np.count_nonzero(skipped))
    if len(blank) or skipped.any():
        skipped[blank] = True
        table, accepted = table.filter(pa.array(~skipped)).combine_chunks(), accepted[~skipped]
    unwrapped = np.flatnonzero(np.isin(accepted, saved.unwrapped))
    blank_rows = empty + len(spaces) + len(blank)
    return Parsed(table, accepted, ragged, undecodable.tolist(), nuls.tolist(), unwrapped, blank_rows, ignored)


def _rows(
    data: bytes, layout: Layout, header: Header, rules: Rules, dropped: Ints, again: dict[int, list[bytes]], rows: Ints
) -> tuple[pa.Table, dict[int, int]]:
    """The table of the records `rows`, and those among them with another number of cells. again: cells to be fed."""
    names = header.names + [f"\0{place}" for place in range(len(header.names), header.width)]
    if not len(rows):
        return _no_rows(names), {}
    quote = rules.quote or (_unused(data, rules) if again else b"")
    table, ragged = _arrow(_feed(data, layout, dropped, again, rules.delimiter, quote), names, rules.delimiter, quote)
    if table.num_rows + len(ragged) != len(rows):
        raise RuntimeError(f"{len(rows)} records gave {table.num_rows} rows and {len(ragged)} ragged ones.")
    return table, {int(rows[number]): found for number, found in ragged}


def _without_surplus(
    table: pa.Table, header: Header, ragged: dict[int, int], rows: Ints
) -> tuple[pa.Table, dict[int, int]]:
    """The table without the columns beyond the header; rows that have anything there are ragged too."""
    surplus = table.columns[len(header.names) :]
    table = table.select(header.names)
    full = np.zeros(table.num_rows, np.bool_)
    for column in surplus:
        full |= flags(pc.not_equal(pc.utf8_trim_whitespace(plain(column)), ""))
    if not full.any():
        return table, ragged
    read = np.delete(rows, np.searchsorted(rows, np.fromiter(ragged, np.int64, len(ragged))))
    ragged = dict(sorted((ragged | dict.fromkeys(read[full].tolist(), header.width)).items()))
    return table.filter(pa.array(~full)).combine_chunks(), ragged


def _unused(data: bytes, rules: Rules) -> bytes:
    """A byte that can quote a few cells, where nothing quotes in the file."""
    signs = (bytes([code]) for code in range(1, 128))
    return next(sign for sign in signs if sign not in data and sign not in (b"\r", b"\n", rules.delimiter))


def _arrow(
    feed: memoryview, names: list[str], delimiter: bytes, quote: bytes
) -> tuple[pa.Table, list[tuple[int, int]]]:
    """The table, and for each ragged row its place among all rows and its number of cells."""
    ragged: list[tuple[int, int]] = []

    def note(row: csv.InvalidRow) -> Literal["skip"]:
        ragged.append(((row.number or 0) - 1, row.actual_columns))
        return "skip"

    if feed[: len(BOM)] == BOM:
        feed = memoryview(BOM + feed)  # Arrow takes one mark away, and this one belongs to the cell
    table = csv.read_csv(
        pa.BufferReader(feed),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(feed), column_names=names),
        parse_options=csv.ParseOptions(
            delimiter=delimiter.decode(),
            quote_char=quote.decode() or False,
            newlines_in_values=True,
            ignore_empty_lines=True,
            invalid_row_handler=note,
        ),
        # The bytes are known to be UTF-8 here, so Arrow need not look again.
        convert_options=csv.ConvertOptions(
            column_types=dict.fromkeys(names, TEXT), strings_can_be_null=False, check_utf8=False
        ),
    )
    return table, ragged


def _no_rows(names: list[str]) -> pa.Table:
    return pa.schema([(name, TEXT) for name in names]).empty_table()


def _undecodable(data: bytes, layout: Layout, fed: Bools) -> Ints:
    """Indices of the fed records that are not UTF-8."""
    whole = memoryview(data)[: layout.size]
    if data.isascii() or _is_utf8(whole):
        return np.empty(0, np.int64)
    high = np.flatnonzero(np.frombuffer(whole, np.uint8) > 127)
    suspects = np.unique(np.searchsorted(layout.starts, high, side="right") - 1)
    found = [i for i in suspects[fed[suspects]].tolist() if not _decodes(data[layout.starts[i] : layout.ends[i]])]
    return np.array(found, np.int64)


def _decodes(record: bytes) -> bool:
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_utf8(data: memoryview) -> bool:
    """Without making the text of a whole block."""
    text = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, len(data)], pa.int32()).buffers()[1], pa.py_buffer(data)]
    )
    try:
        text.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _with_bare_returns(data: bytes, layout: Layout, fed: Bools) -> Ints:
    """Indices of the fed records that hold a CR which is not part of a line end: Arrow would end a row there."""
    if data.find(b"\r", 0, layout.size) < 0:
        return np.empty(0, np.int64)
    buffer = np.frombuffer(data, np.uint8, layout.size)
    returns = np.flatnonzero(buffer == CR)
    after = buffer[np.minimum(returns + 1, layout.size - 1)]
    bare = returns[(after != LF) & (returns != layout.size - 1)]
    found = np.unique(np.searchsorted(layout.starts, bare, side="right") - 1)
    suspects: Ints = found[fed[found]]
    return suspects


def _with_byte(data: bytes, byte: bytes, layout: Layout, fed: Bools) -> Ints:
    """Indices of the fed records that hold the byte."""
    if data.find(byte, 0, layout.size) < 0:
        return np.empty(0, np.int64)
    there = np.flatnonzero(np.frombuffer(data, np.uint8, layout.size) == ord(byte))
    found = np.unique(np.searchsorted(layout.starts, there, side="right") - 1)
    suspects: Ints = found[fed[found]]
    return suspects


def _feed(
    data: bytes, layout: Layout, dropped: Ints, again: dict[int, list[bytes]], delimiter: bytes, quote: bytes
) -> memoryview:
    """The block without the dropped records, and with other cells, all in quotes, for some of them."""
    if not len(dropped) and not again:
        return memoryview(data)[: layout.size]
    parts: list[bytes | memoryview] = []
    view, position = memoryview(data), 0
    nexts = np.append(layout.starts[1:], layout.size)
    for index in sorted({*again, *dropped.tolist()}):
        start = int(layout.starts[index])
        parts.append(view[position:start])
        position = int(nexts[index])
        if index in again:
            quoted = (quote + cell.replace(quote, quote * 2) + quote for cell in again[index])
            parts.append(delimiter.join(quoted) + b"\n")
    parts.append(view[position : layout.size])
    return memoryview(b"".join(parts))


def _blank_rows(data: bytes, table: pa.Table, starts: Ints, rules: Rules) -> Ints:
    """Rows of the table whose every cell is empty or white space."""
    first = np.frombuffer(data, np.uint8)[starts]
    # Only such a byte can begin a row of nothing, which spares looking into nearly all of them.
    quote = ord(rules.quote or b" ")
    rows = np.flatnonzero((first <= 32) | (first == ord(rules.delimiter)) | (first == quote) | (first > 127))
    for column in table.columns:
        if not len(rows):
            break
        cell = pc.utf8_trim_whitespace(plain(column.take(rows)))
        rows = rows[flags(pc.equal(cell, ""))]
    return rows
