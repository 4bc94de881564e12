"""Sample a workbook: the sheet that is asked for or answered, else the one that looks like a table of sales."""

from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from tillstream.detection import FileSample
from tillstream.detection.data_sheets import QUESTION, WorkbookSheet, choose_sheet
from tillstream.detection.evidence import DetectionLog
from tillstream.domain.contract.sections import FileStyle
from tillstream.pipeline.matching.typed_sample import sample_rows
from tillstream.pipeline.reading import open_reader
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.options import ReadOptions

Open = Callable[[], BinaryIO]
_MAX_SHEETS = 30
"""Number of sheets that are compared."""


def sample_workbook(open_original: Open, names: list[str], log: DetectionLog, sheet: str | None) -> FileSample:
    """Sample one sheet of a workbook.

    names: its sheets, in order. sheet: that of the contract, empty for the first one; None for an unknown file.
    Raises `Rejected`, also for a workbook of pivot tables only.
    """
    if sheet is not None:
        return FileSample(_read(open_original, sheet).sheet)
    if (answer := log.answers.get(QUESTION)) in names:
        return FileSample(_read(open_original, log.answer(QUESTION) or "").sheet, {"sheet": answer})
    if answer:
        log.add_question(QUESTION, "Which sheet contains the sales?", tuple(names), f"there is no sheet “{answer}”")
    sheets = []
    for name in names[:_MAX_SHEETS] if len(names) > 1 else []:
        with suppress(UnreadableFile):
            sheets.append(_read(open_original, name))
    chosen = choose_sheet(sheets or [_read(open_original, names[0])], log)
    return FileSample(chosen.sheet, {} if chosen.name == names[0] else {"sheet": chosen.name})


def _read(open_original: Open, name: str) -> WorkbookSheet:
    options = ReadOptions(FileStyle(sheet=name, repeated_names="number"))
    with open_reader.open_workbook(open_original, options) as reader:
        sheet = sample_rows(reader.blocks())
        return WorkbookSheet(name, sheet, reader.top, reader.is_hidden)
