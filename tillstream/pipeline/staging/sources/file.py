"""Read a regional file as row batches: parsed, normalised and validated block by block."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from itertools import chain
from typing import BinaryIO, TypeVar

import pyarrow as pa

from tillstream.batches.lineage import inherited_corrections
from tillstream.domain.batch import Batch
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import LIMITS, Limits
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.normalising.dates.sale_time import (
    FileDateFacts,
    all_times_midnight,
    date_evidence,
    needs_date_evidence,
)
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.delimited.header import looks_like_data
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.open_reader import ReadOptions, read_blocks, read_options
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.row_batch import RejectedRow, RowBatch, drop_rows
from tillstream.pipeline.staging.sources.correction import correction_batches, row_numbers
from tillstream.pipeline.validating.swapped_dates import flag_swapped_dates
from tillstream.ports import Ports

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MAX_HEADERS_SHOWN, MAX_HEADER_LENGTH = 30, 60
_Result = TypeVar("_Result")


def file_batches(
    open_original: Callable[[], BinaryIO],
    contract: Contract,
    received: date,
    limits: Limits = LIMITS,
    on_header: Callable[[list[str]], None] | None = None,
) -> Iterator[RowBatch]:
    """Yield the row batches of a file. on_header: called once with the file's headers.

    Raises `UnreadableFile` if the file cannot be read or does not have the columns of its contract.
    """
    options = read_options(contract, limits)
    with closing(read_blocks(open_original, options)) as rows:
        first = next(rows)
        if on_header:
            on_header(first.cells.column_names)
        check_header(first, contract)
        for block, dating in _with_dating(chain([first], rows), open_original, contract, options):
            yield to_row_batch(block, contract, received, dating)


def replayed_parts(
    ports: Ports,
    upload: Batch,
    open_original: Callable[[], BinaryIO],
    contract: Contract,
    received: date,
    on_header: Callable[[list[str]], None] | None = None,
) -> Iterator[RowBatch]:
    """Yield the original file without its corrected rows, then the corrections, the latest first.

    A row that was corrected several times is yielded once, from its latest correction.
    """
    corrections = inherited_corrections(ports, upload)
    openers = [
        partial(ports.objects.open, correction.bucket, correction.object, correction.generation)
        for correction in corrections
    ]
    row_sets = [frozenset(row_numbers(open_corrected)) for open_corrected in openers]
    corrected_rows = frozenset[int]().union(*row_sets)
    for part in file_batches(open_original, contract, received, ports.limits, on_header):
        yield drop_rows(part, corrected_rows)
    later_rows: frozenset[int] = frozenset()
    for correction, open_corrected, rows in reversed(list(zip(corrections, openers, row_sets, strict=True))):
        for part in correction_batches(open_corrected, contract, correction.fix_number, received):
            yield drop_rows(part, later_rows)
        later_rows |= rows


def _with_dating(
    parts: Iterable[Block], open_original: Callable[[], BinaryIO], contract: Contract, options: ReadOptions
) -> Iterator[tuple[Block, FileDateFacts]]:
    """Yield each block with the facts about the dates of the whole file.

    The file is read a second time only if date formats are ambiguous, or if all times of the first block that has times
    are 00:00.
    """

    def reread(compute: Callable[[pa.Table, Contract], _Result]) -> Iterator[_Result]:
        with closing(read_blocks(open_original, options)) as rows:
            yield from (compute(block.cells, contract) for block in rows)

    evidence = frozenset[tuple[str, str]]().union(*reread(date_evidence)) if needs_date_evidence(contract) else None
    midnight: bool | None = None
    for block in parts:
        if midnight is None:
            midnight = all_times_midnight(block.cells, contract)
            if midnight:
                midnight = all(is_midnight is not False for is_midnight in reread(all_times_midnight))
        yield block, FileDateFacts(date_only=bool(midnight), evidence=evidence)


def check_header(block: Block, contract: Contract) -> None:
    """Check the header. Raises `Rejected` if columns that the contract requires are missing."""
    header = block.cells.column_names
    clashing = [name for name in header if name in contract.made]
    if clashing:
        raise Rejected(
            f"The contract derives a column {', '.join(clashing)} (made), but the file has a column with that name. "
            "Rename the derived column in the contract."
        )
    missing = missing_columns(header, contract)
    if not missing:
        return
    for delimiter, delimiter_name in DELIMITERS.items():
        if len(header) == 1 and not missing_columns([name.strip() for name in header[0].split(delimiter)], contract):
            raise UnreadableFile(
                "missing-columns",
                f"The cells are separated by {delimiter_name}, but the delimiter in the contract is "
                f"{DELIMITERS[contract.file.delimiter]}. Choose the contract that fits the file, or export it again.",
            )
    problem = CATALOGUE["missing-columns"]
    message = f"{problem.format_message(detail=', '.join(missing))} It contains {_shortened(header)}."
    if looks_like_data(header):
        message += (
            " The first line looks like a row: if the file has no header line, list its columns in the contract "
            "(file.header)."
        )
    raise UnreadableFile(problem.code, f"{message} {problem.remedy}")


def _shortened(names: list[str]) -> str:
    """Shorten a list of headers for an error message."""
    shortened = ", ".join(
        name if len(name) <= MAX_HEADER_LENGTH else f"{name[:MAX_HEADER_LENGTH]}…" for name in names[:MAX_HEADERS_SHOWN]
    )
    return shortened if len(names) <= MAX_HEADERS_SHOWN else f"{shortened} and {len(names) - MAX_HEADERS_SHOWN:,} more"


def to_row_batch(block: Block, contract: Contract, received: date, dating: FileDateFacts) -> RowBatch:
    """Normalise and validate the rows of a block."""
    table, findings = normalise(block.cells, contract, date_only=dating.date_only, evidence=dating.evidence)
    for code, rows in block.warnings.items():
        findings.add(rows, code, None)
    # imported late: a thread may still be loading the frame libraries while blocks are read
    from tillstream.pipeline.validating.validate import validate

    validate(table, contract, findings, received_date=received)
    flag_swapped_dates(table, findings)
    refused = [
        RejectedRow(
            row.row_number,
            row.line_number,
            row.raw,
            [{"code": row.code, "column": None, "value": row.value, "detail": row.detail}],
        )
        for row in block.unreadable
    ]
    return RowBatch(
        table,
        block.row_number,
        block.line_number,
        findings,
        block.raw,
        refused,
        block.blank,
        ignored=block.ignored,
        truncation=block.truncation,
    )
