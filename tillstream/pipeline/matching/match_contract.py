"""Match a file to a contract by a sample of it.

Only for files whose contract is unknown, or that do not fit their contract.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO

from tillstream.detection import ContractFit, FileSample, drift, fit, sample_file, sample_unpacked
from tillstream.detection.evidence import DetectionLog
from tillstream.detection.fits import decodes_equally
from tillstream.detection.sales_sheets import SHEET_QUESTION, WorkbookSheet, choose_sheet
from tillstream.detection.sheet import Sheet, build_sheet
from tillstream.detection.text.sample import ARCHIVE, is_text
from tillstream.model.contract import Contract
from tillstream.model.contract_sections import FileStyle
from tillstream.model.errors import Rejected
from tillstream.pipeline.matching.readability import can_parse_cells
from tillstream.pipeline.reading import open_reader
from tillstream.pipeline.reading.archives import read_exactly
from tillstream.pipeline.reading.file_signatures import HEAD_BYTES, check_first_bytes
from tillstream.pipeline.reading.read_options import ReadOptions, UnreadableFile
from tillstream.pipeline.rows.row_batch import Block

START_ROWS, PART_ROWS, MAX_ROWS = 5_000, 1_000, 200_000

OpenWorkbook = Callable[[], BinaryIO]
_MAX_SHEETS = 30
"""Number of sheets that are compared."""

OpenOriginal = Callable[[], BinaryIO]


def sample_rows(blocks: Iterator[Block]) -> Sheet:
    """Return the sampled rows of the blocks as a sheet. Raises `UnreadableFile`."""
    kept: list[tuple[int, Block]] = []
    rows = refused = 0
    is_complete = True
    for block in blocks:
        if block.cells.num_rows or not kept:
            kept.append((rows, block))
        rows, refused = rows + block.cells.num_rows, refused + len(block.unreadable)
        if rows >= MAX_ROWS:
            is_complete = next(blocks, None) is None
            break
    names = kept[0][1].cells.column_names
    ranges = _sampled_ranges(rows)
    cells: list[tuple[str, ...]] = []
    lines: list[int] = []
    for begin, end in ranges:
        for start, block in kept:
            low, high = max(begin - start, 0), min(end - start, block.cells.num_rows)
            if low < high:
                part = block.cells.slice(low, high - low)
                empty = [""] * (high - low)
                columns = [part[name].to_pylist() if name in part.column_names else empty for name in names]
                cells += zip(*columns, strict=True)
                lines += block.line_number[low:high].tolist()
    contiguous_rows = ranges[0][1] if ranges else 0
    is_complete = is_complete and len(cells) == rows and not refused
    return build_sheet(names, cells, lines, is_complete=is_complete, contiguous_rows=contiguous_rows)


def _sampled_ranges(rows: int) -> list[tuple[int, int]]:
    """The first and the last row, exclusive, of each part."""
    if rows <= START_ROWS + 2 * PART_ROWS:
        return [(0, rows)] if rows else []
    middle = (rows + START_ROWS - PART_ROWS) // 2
    return [(0, START_ROWS), (middle, middle + PART_ROWS), (rows - PART_ROWS, rows)]


def sample_workbook(open_original: OpenWorkbook, names: list[str], log: DetectionLog, sheet: str | None) -> FileSample:
    """Sample one sheet of a workbook.

    names: its sheets, in order. sheet: that of the contract, empty for the first one; None for an unknown file.
    Raises `Rejected`, also for a workbook of pivot tables only.
    """
    if sheet is not None:
        return FileSample(_read_sheet(open_original, sheet).sheet)
    if (answer := log.answers.get(SHEET_QUESTION)) in names:
        return FileSample(_read_sheet(open_original, log.answer(SHEET_QUESTION) or "").sheet, {"sheet": answer})
    if answer:
        log.add_question(
            SHEET_QUESTION, "Which sheet contains the sales?", tuple(names), f"there is no sheet “{answer}”"
        )
    sheets = []
    for name in names[:_MAX_SHEETS] if len(names) > 1 else []:
        with suppress(UnreadableFile):
            sheets.append(_read_sheet(open_original, name))
    chosen = choose_sheet(sheets or [_read_sheet(open_original, names[0])], log)
    return FileSample(chosen.sheet, {} if chosen.name == names[0] else {"sheet": chosen.name})


def _read_sheet(open_original: OpenWorkbook, name: str) -> WorkbookSheet:
    options = ReadOptions(FileStyle(sheet=name, repeated_names="number"))
    with open_reader.open_workbook(open_original, options) as reader:
        sheet = sample_rows(reader.blocks())
        return WorkbookSheet(name, sheet, reader.top, reader.is_hidden)


@dataclass(frozen=True)
class SourceChanges:
    """Changes of a source. `proposed`: the contract's next version, which can read the file."""

    words: tuple[str, ...]
    kinds: frozenset[str]
    proposed: Contract


def sample_original(open_original: OpenOriginal, sheet: str | None = None) -> FileSample | None:
    """Return a sample of the file; None if it cannot be read. sheet: as in `read_sample`."""
    try:
        return read_sample(open_original, sheet=sheet)
    except Rejected:
        return None


def read_sample(open_original: OpenOriginal, log: DetectionLog | None = None, sheet: str | None = None) -> FileSample:
    """Return a sample of the file.

    log: collects decisions on how it is read, and supplies answers to them. sheet: the sheet of a workbook that its
    contract reads, empty for the first one; None to find the sheet with the sales.
    Raises `Rejected` with the reason if the file cannot be read.
    """
    log = log or DetectionLog()
    try:
        with open_original() as stream:
            head = read_exactly(stream, HEAD_BYTES)
            stream.seek(0)
            return sample_by_reader(head, open_original, log, sheet) or sample_file(stream, log)
    except ValueError as error:
        raise Rejected(f"The content of the file cannot be read ({error}).") from error


def shows_another_encoding(sample: FileSample, encoding: str) -> bool:
    """Return True if the sampled letters are certainly not in this encoding."""
    return sample.is_encoding_sure and not decodes_equally(sample, encoding)


def sample_by_reader(
    head: bytes, open_original: OpenOriginal, log: DetectionLog, sheet: str | None = None
) -> FileSample | None:
    """Return a sample of a file that only its reader can open, such as a workbook or an archive; None for other text.

    head: the file's first bytes. log, sheet: as in `read_sample`. Raises `Rejected`.
    """
    check_first_bytes(head)
    if is_text(head):
        return None
    with open_reader.open_text(open_original) as text:
        if text is not None:
            return sample_unpacked(text, log) if head.startswith(ARCHIVE) else None
    if names := open_reader.sheet_names(open_original):
        return sample_workbook(open_original, names, log, sheet)
    return FileSample(
        sample_rows(open_reader.read_blocks(open_original, ReadOptions(FileStyle(repeated_names="number"))))
    )


def better_matches(
    sample: FileSample, own: Contract, contracts: Iterable[Contract]
) -> tuple[list[ContractFit], ContractFit]:
    """Return the other contracts that fit without doubts, and the fit of the file's own contract.

    If its own contract fits without doubts, the others are not tried.
    """
    own_fit = fit(sample, [own], reader=can_parse_cells)[0]
    if own_fit.fits and not own_fit.doubts:
        return [], own_fit
    matches = fit(sample, [contract for contract in contracts if contract.name != own.name], reader=can_parse_cells)
    return [match for match in matches if match.fits and not match.doubts], own_fit


def contract_drift(sample: FileSample, own: Contract, header: Sequence[str]) -> SourceChanges | None:
    """Return how the file differs from its contract; None if no next version of the contract could read it."""
    changes = drift(sample, own, header=header, reader=can_parse_cells)
    if changes.proposed is None:
        return None
    words = tuple(difference.words for difference in changes.differences)
    return SourceChanges(words, frozenset(difference.kind for difference in changes.differences), changes.proposed)
