"""Refused rows as the source wrote them: as text, as cells, and as a file that a person can correct."""

import csv
import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from tillstream.batches import records
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import Upload
from tillstream.domain.contract.sections import FileStyle
from tillstream.ports import Ports
from tillstream.receipts import receipt as receipts
from tillstream.workflows.review import replay

if TYPE_CHECKING:  # both stand on frames, and refused rows are listed where nothing else needs them
    from tillstream.pipeline.reading.open_reader import Shape
    from tillstream.pipeline.reading.options import Manner

BOM = "\ufeff"
ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW = "_row", "_line", "_problems", "_accept", "_discard", "_raw"
OURS = (ROW, LINE, PROBLEMS, ACCEPT, DISCARD, RAW)
YES = ("yes", "y", "true", "1", "x")
RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", "'")
"""Spreadsheets of East Asia take the full-width signs for the others."""
CORRECTED = FileStyle()
"""A kept correction is UTF-8 with commas, whatever the original was and however it was given back."""


def guard(cell: str) -> str:
    """A cell that a spreadsheet would take for a formula gets an apostrophe before it."""
    return f"'{cell}" if cell.startswith(RISKY) else cell


def unguard(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(RISKY) else cell


def refused_csv(ports: Ports, batch: str) -> Iterator[bytes]:
    """UTF-8 with BOM, comma: the source's own columns and values, then `_row` and what is wrong. Raises `NotFound`."""
    upload = records.get(ports, batch)
    shape = shape_of(ports, upload)
    yield (BOM + _line([*shape.names, *OURS])).encode()
    for row in with_raw(ports, upload, receipts.refused(ports, batch)):
        cells, whole = cells_of(shape, row)
        words = "; ".join(problem["message"] for problem in row["problems"])
        ours = [str(row["row_number"]), str(row["line_number"]), words, "", "", whole]
        yield _line([guard(cell) for cell in (*cells, *ours)]).encode()


def with_raw(ports: Ports, upload: Upload, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with their text; what only the ledger refused is read from the original again."""
    wanted: dict[int, set[int]] = {}
    for row in rows:
        if row["raw"] is None:
            wanted.setdefault(row["fix_number"], set()).add(row["row_number"])
    texts = {fix: dict(_read_again(ports, upload, fix, numbers)) for fix, numbers in wanted.items()}
    return [
        row if row["raw"] is not None else row | {"raw": texts[row["fix_number"]].get(row["row_number"], "")}
        for row in rows
    ]


def _read_again(ports: Ports, upload: Upload, fix: int, numbers: set[int]) -> Iterator[tuple[int, str]]:
    if fix:
        corrections = [*replay.fixes(ports, upload), *records.children(ports, upload.batch_id, "correction")]
        correction = next(each for each in corrections if each.fix_number == fix)
        with _open(ports, correction) as stream:
            for row in _dicts(stream):
                if int(row[ROW]) in numbers:
                    yield int(row[ROW]), line_of([cell for name, cell in row.items() if name not in OURS])
        return
    if upload.kind == "messages":
        from tillstream.pipeline.staging.sources.store_sales import texts

        with _open(ports, upload) as stream:
            yield from ((number, text) for number, text in texts(stream) if number in numbers)
        return
    from tillstream.pipeline.reading.open_reader import blocks

    for block in blocks(partial(_open, ports, upload), _manner(ports, upload)):
        for index, number in enumerate(block.row_number.tolist()):
            if number in numbers:
                yield number, block.raw(index)


def _dicts(stream: BinaryIO) -> Iterator[dict[str, str]]:
    """The rows of a corrected file as dictionaries; guards are taken off."""
    with io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        reader = csv.reader(text)
        header = next(reader)
        for cells in reader:
            yield dict(zip(header, map(unguard, cells), strict=False))


def _open(ports: Ports, upload: Upload) -> BinaryIO:
    return ports.objects.open(upload.bucket, upload.object, upload.generation)


def shape_of(ports: Ports, upload: Upload) -> "Shape":
    """The columns of an original as its header names them, and how its rows are taken apart."""
    from tillstream.pipeline.reading.open_reader import Shape, shape

    if upload.kind == "messages":
        return Shape(["message"], lambda raw: [raw])
    return shape(partial(_open, ports, upload), _manner(ports, upload))


def _manner(ports: Ports, upload: Upload) -> "Manner":
    from tillstream.pipeline.reading.open_reader import by_contract

    return by_contract(contract_version(ports.documents, upload.contract, upload.contract_version), ports.limits)


def cells_of(shape: "Shape", row: dict[str, Any]) -> tuple[list[str], str]:
    """The row's cells, and its whole text where they are not as many as the header's."""
    raw, width = row["raw"], len(shape.names)
    cells = next(csv.reader(io.StringIO(raw, newline="")), []) if row["fix_number"] else shape.cells(raw)
    if len(cells) == width:
        return cells, ""
    return [*cells[:width], *[""] * (width - len(cells))], raw


def line_of(cells: list[str]) -> str:
    """Cells as the text of a row of a correction, without its line end."""
    return _line(cells).removesuffix("\r\n")


def _line(cells: list[str]) -> str:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(cells)
    return line.getvalue()
