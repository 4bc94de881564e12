"""Rejected rows as written in the original file: as text, as cells, and as a CSV file for correction."""

import csv
import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from tillstream.contracts.registry import contract_version
from tillstream.model.batch import Batch, BatchKind
from tillstream.pipeline.reading.correction_file import (
    BOM,
    CONTROL_COLUMNS,
    ROW,
    format_guarded_line,
    format_raw_line,
    read_corrected_rows,
)
from tillstream.ports import Ports
from tillstream.ports.warehouse import Row
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import RowToFix
from tillstream.records import batch_originals, batch_records

if TYPE_CHECKING:  # both import pyarrow, which pages that only list rejected rows do not need
    from tillstream.pipeline.reading.open_reader import HeaderInfo
    from tillstream.pipeline.reading.read_options import ReadOptions


R = TypeVar("R", Row, RowToFix)


def rejected_rows_csv(ports: Ports, batch: str) -> Iterator[bytes]:
    """Rejected rows as CSV in UTF-8 with BOM: source columns, then `CONTROL_COLUMNS`. Raises `NotFound`."""
    upload = batch_records.get_batch(ports, batch)
    shape = original_shape(ports, upload)
    yield (BOM + format_guarded_line([*shape.names, *CONTROL_COLUMNS])).encode()
    for row in add_raw_text(ports, upload, receipts.rejected_rows(ports, batch)):
        cells, text = parse_cells(shape, row)
        messages = "; ".join(problem["message"] for problem in row["problems"])
        added = [str(row["row_number"]), str(row["line_number"]), messages, "", "", text]
        yield format_guarded_line([*cells, *added]).encode()


def add_raw_text(ports: Ports, upload: Batch, rows: list[R]) -> list[R]:
    """Rows with `raw` filled; for rows rejected by the ledger it is read from the original file."""
    missing: dict[int, set[int]] = {}
    for row in rows:
        if row["raw"] is None:
            missing.setdefault(row["fix_number"], set()).add(row["row_number"])
    texts = {fix: dict(_read_original(ports, upload, fix, numbers)) for fix, numbers in missing.items()}
    for row in rows:
        if row["raw"] is None:
            row["raw"] = texts[row["fix_number"]].get(row["row_number"], "")
    return rows


def _read_original(ports: Ports, upload: Batch, fix: int, numbers: set[int]) -> Iterator[tuple[int, str]]:
    if fix:
        corrections = [
            *batch_records.inherited_corrections(ports, upload),
            *batch_records.child_batches(ports, upload.batch_id, BatchKind.CORRECTION),
        ]
        correction = next(one for one in corrections if one.fix_number == fix)
        with _open(ports, correction) as stream:
            for row in read_corrected_rows(stream):
                if int(row[ROW]) in numbers:
                    yield (
                        int(row[ROW]),
                        format_raw_line([cell for name, cell in row.items() if name not in CONTROL_COLUMNS]),
                    )
        return
    if upload.kind is BatchKind.STORE_SALES:
        from tillstream.pipeline.reading.sale_messages import iter_message_rows

        with _open(ports, upload) as stream:
            yield from ((number, text) for number, text in iter_message_rows(stream) if number in numbers)
        return
    from tillstream.pipeline.reading.open_reader import read_blocks

    for block in read_blocks(partial(_open, ports, upload), _options(ports, upload)):
        for index, number in enumerate(block.row_number.tolist()):
            if number in numbers:
                yield number, block.raw(index)


def _open(ports: Ports, upload: Batch) -> BinaryIO:
    return batch_originals.open_whole_original(ports, upload)


def original_shape(ports: Ports, upload: Batch) -> "HeaderInfo":
    """The columns in the header of an original file, and the parser of its rows."""
    from tillstream.pipeline.reading.open_reader import HeaderInfo, read_header

    if upload.kind is BatchKind.STORE_SALES:
        return HeaderInfo(["message"], lambda raw: [raw])
    return read_header(partial(_open, ports, upload), _options(ports, upload))


def _options(ports: Ports, upload: Batch) -> "ReadOptions":
    from tillstream.pipeline.reading.open_reader import read_options

    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    return read_options(contract, ports.limits, upload.file)


def parse_cells(shape: "HeaderInfo", row: RowToFix | Row) -> tuple[list[str], str]:
    """The cells of a row, padded or cut to the header, and its raw text if their number differed, else empty."""
    raw, width = row["raw"] or "", len(shape.names)
    cells = next(csv.reader(io.StringIO(raw, newline="")), []) if row["fix_number"] else shape.cells(raw)
    if len(cells) == width:
        return cells, ""
    return [*cells[:width], *[""] * (width - len(cells))], raw
