"""The pipeline room: the cells of one block's records as an Arrow table, and the records that give none."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tillstream.pipeline.decode import BOM
from tillstream.pipeline.records import CR, LF, QUOTE, Bools, Ints, Layout, cells
from tillstream.pipeline.schema import TEXT
from tillstream.pipeline.text import flags, plain


@dataclass(frozen=True)
class Parsed:
    """`accepted` are the record indices of the table's rows, `ragged` those with another number of cells."""

    table: pa.Table
    accepted: Ints
    ragged: dict[int, int]
    undecodable: list[int]
    blank: int


def parse(data: bytes, layout: Layout, names: list[str], delimiter: bytes) -> Parsed:
    """Every cell as `TEXT`, nothing trimmed or null. Raises `RuntimeError` should rows and records ever differ."""
    starts, ends = layout.starts, layout.ends
    fed = ends > starts
    empty = int(np.count_nonzero(~fed))
    fed[layout.unclosed] = False
    undecodable = _undecodable(data, layout, fed)
    fed[undecodable] = False
    dropped = np.concatenate((layout.unclosed, undecodable)).astype(np.int64)
    rows = np.flatnonzero(fed)
    feed = _feed(data, layout, dropped, _with_bare_returns(data, layout, fed), delimiter)
    table, ragged_rows = _arrow(feed, names, delimiter) if len(rows) else (_no_rows(names), [])
    if table.num_rows + len(ragged_rows) != len(rows):
        raise RuntimeError(f"{len(rows)} records gave {table.num_rows} rows and {len(ragged_rows)} ragged ones.")
    ragged = {int(rows[number]): found for number, found in ragged_rows}
    accepted = np.delete(rows, [number for number, _ in ragged_rows])
    spaces = [i for i in ragged if _is_blank(data[starts[i] : ends[i]], delimiter)]
    for index in spaces:
        del ragged[index]
    blank = _blank_rows(data, table, starts[accepted], delimiter)
    if len(blank):
        kept = np.ones(len(accepted), np.bool_)
        kept[blank] = False
        table, accepted = table.filter(pa.array(kept)).combine_chunks(), accepted[kept]
    return Parsed(table, accepted, ragged, undecodable.tolist(), empty + len(spaces) + len(blank))


def _arrow(feed: memoryview, names: list[str], delimiter: bytes) -> tuple[pa.Table, list[tuple[int, int]]]:
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
            delimiter=delimiter.decode(), newlines_in_values=True, ignore_empty_lines=True, invalid_row_handler=note
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


def _feed(data: bytes, layout: Layout, dropped: Ints, rewritten: Ints, delimiter: bytes) -> memoryview:
    """The block without the dropped records, and with every cell of the rewritten ones in quotes."""
    if not len(dropped) and not len(rewritten):
        return memoryview(data)[: layout.size]
    parts: list[bytes | memoryview] = []
    view, position = memoryview(data), 0
    again = set(rewritten.tolist())
    nexts = np.append(layout.starts[1:], layout.size)
    for index in sorted({*again, *dropped.tolist()}):
        start = int(layout.starts[index])
        parts.append(view[position:start])
        position = int(nexts[index])
        if index in again:
            found = cells(data[start : layout.ends[index]], delimiter)
            parts.append(delimiter.join(b'"' + cell.replace(b'"', b'""') + b'"' for cell in found) + b"\n")
    parts.append(view[position : layout.size])
    return memoryview(b"".join(parts))


def _is_blank(record: bytes, delimiter: bytes) -> bool:
    return not b"".join(cells(record, delimiter)).decode().strip()


def _blank_rows(data: bytes, table: pa.Table, starts: Ints, delimiter: bytes) -> Ints:
    """Rows of the table whose every cell is empty or white space."""
    first = np.frombuffer(data, np.uint8)[starts]
    # Only such a byte can begin a row of nothing, which spares looking into nearly all of them.
    rows = np.flatnonzero((first <= 32) | (first == ord(delimiter)) | (first == QUOTE) | (first > 127))
    for column in table.columns:
        if not len(rows):
            break
        cell = pc.utf8_trim_whitespace(plain(column.take(rows)))
        rows = rows[flags(pc.equal(cell, ""))]
    return rows
