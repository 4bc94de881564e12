"""Refused rows as the source wrote them: as text, as cells, and as a file that a person can correct."""

import csv
import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO

from tillstream.batches import lineage, records
from tillstream.contracts.registry import contract_version
from tillstream.domain.batch import Upload
from tillstream.ports import Ports
from tillstream.receipts import receipt as receipts

if TYPE_CHECKING:  # both stand on frames, and refused rows are listed where nothing else needs them
    from tillstream.pipeline.reading.open_reader import Shape
    from tillstream.pipeline.reading.options import Manner
from tillstream.pipeline.reading.correction_file import BOM, OURS, ROW, _dicts, _line, guard, line_of


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
        corrections = [*lineage.fixes(ports, upload), *records.children(ports, upload.batch_id, "correction")]
        correction = next(each for each in corrections if each.fix_number == fix)
        with _open(ports, correction) as stream:
            for row in _dicts(stream):
                if int(row[ROW]) in numbers:
                    yield int(row[ROW]), line_of([cell for name, cell in row.items() if name not in OURS])
        return
    if upload.kind == "messages":
        from tillstream.pipeline.reading.messages import texts

        with _open(ports, upload) as stream:
            yield from ((number, text) for number, text in texts(stream) if number in numbers)
        return
    from tillstream.pipeline.reading.open_reader import blocks

    for block in blocks(partial(_open, ports, upload), _manner(ports, upload)):
        for index, number in enumerate(block.row_number.tolist()):
            if number in numbers:
                yield number, block.raw(index)


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
