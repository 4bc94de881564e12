"""Sheets of a workbook that its contract could read, but does not."""

from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO

from tillstream.domain.batch.holds import Hold, HoldCode
from tillstream.domain.contract.model import Contract
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.open_reader import open_workbook, read_options, sheet_names

Open = Callable[[], BinaryIO]


def hold_other_sheets(open_original: Open, contract: Contract) -> Hold | None:
    """Return a hold if other sheets than the first have rows below the contract's headers, and it names no sheet."""
    if contract.file.sheet or contract.file.header:
        return None
    first, *others = sheet_names(open_original) or [""]
    others = [label for name in others if (label := _label(open_original, contract, name))]
    if not others:
        return None
    from tillstream.pipeline.reading.workbooks.sheet import quoted  # only needed here

    return Hold.of(HoldCode.OTHER_SHEETS, value=quoted([first]), detail=", ".join(others))


def _label(open_original: Open, contract: Contract, sheet: str) -> str:
    """The name of a sheet that the contract can read, for users; empty if it has no rows for it."""
    options = read_options(contract)
    options = replace(options, style=options.style.model_copy(update={"sheet": sheet}))
    try:
        with open_workbook(open_original, options) as reader:
            fits = not missing_columns(reader.header(), contract) and next(reader.blocks()).cells.num_rows > 0
            return f"“{sheet}”{' (hidden)' if reader.is_hidden else ''}" if fits else ""
    except UnreadableFile:
        return ""
