"""A regional file as parts: read, normalised, validated, block by block."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import date
from functools import partial
from itertools import chain
from typing import BinaryIO, TypeVar

import pyarrow as pa

from tillstream.batches.lineage import fixes
from tillstream.domain.batch import Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import LIMITS, Limits
from tillstream.domain.problems import CATALOGUE
from tillstream.pipeline.normalising.dates.sale_time import Dating, date_evidence, needs_evidence, only_midnights
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.source_columns import missing_columns
from tillstream.pipeline.reading.delimited.header import looks_like_data
from tillstream.pipeline.reading.errors import UnreadableFile
from tillstream.pipeline.reading.open_reader import Manner, blocks, by_contract
from tillstream.pipeline.rows.block import Block
from tillstream.pipeline.rows.row_batch import Part, RefusedRow, without
from tillstream.pipeline.staging.sources.correction import correction_parts, row_numbers
from tillstream.pipeline.validating.swapped_dates import tell_swapped_days
from tillstream.ports import Ports

OTHERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
MANY, LONG = 30, 60
Answer = TypeVar("Answer")


def file_parts(
    open_original: Callable[[], BinaryIO],
    contract: Contract,
    received: date,
    limits: Limits = LIMITS,
    heard: Callable[[list[str]], None] | None = None,
) -> Iterator[Part]:
    """heard: is told the file's headers.

    Raises `UnreadableFile` for a file that cannot be read at all or lacks columns of its contract.
    """
    how = by_contract(contract, limits)
    with closing(blocks(open_original, how)) as rows:
        first = next(rows)
        if heard:
            heard(first.cells.column_names)
        complete(first, contract)
        for block, dating in _datings(chain([first], rows), open_original, contract, how):
            yield part_of(block, contract, received, dating)


def replayed_parts(
    ports: Ports,
    upload: Upload,
    open_original: Callable[[], BinaryIO],
    contract: Contract,
    received: date,
    heard: Callable[[list[str]], None] | None = None,
) -> Iterator[Part]:
    """An original without the rows that were fixed since, then the fixes."""
    corrections = fixes(ports, upload)
    opened = [partial(ports.objects.open, fix.bucket, fix.object, fix.generation) for fix in corrections]
    told = [frozenset(row_numbers(corrected)) for corrected in opened]
    fixed = frozenset[int]().union(*told)
    for part in file_parts(open_original, contract, received, ports.limits, heard):
        yield without(part, fixed)
    later: frozenset[int] = frozenset()
    for fix, corrected, rows in reversed(list(zip(corrections, opened, told, strict=True))):
        for part in correction_parts(corrected, contract, fix.fix_number, received):
            yield without(part, later)
        later |= rows


def _datings(
    parts: Iterable[Block], open_original: Callable[[], BinaryIO], contract: Contract, how: Manner
) -> Iterator[tuple[Block, Dating]]:
    """Each block with what the dates of the whole file say together. The file is read once more only where it takes
    that to know: where formats are rivals, or where the first times that are told are all 00:00."""

    def again(ask: Callable[[pa.Table, Contract], Answer]) -> Iterator[Answer]:
        with closing(blocks(open_original, how)) as rows:
            yield from (ask(block.cells, contract) for block in rows)

    known = frozenset[tuple[str, str]]().union(*again(date_evidence)) if needs_evidence(contract) else None
    midnight: bool | None = None
    for block in parts:
        if midnight is None:
            midnight = only_midnights(block.cells, contract)
            if midnight:
                midnight = all(other is not False for other in again(only_midnights))
        yield block, Dating(date_only=bool(midnight), known=known)


def complete(block: Block, contract: Contract) -> None:
    """Raises `Rejected` where the header lacks what the contract needs."""
    given = block.cells.column_names
    clashing = [name for name in given if name in contract.made]
    if clashing:
        raise Rejected(
            f"The contract makes a column {', '.join(clashing)}, and the file has one of that name. "
            "Give the made one another name."
        )
    missing = missing_columns(given, contract)
    if not missing:
        return
    for delimiter, called in OTHERS.items():
        if len(given) == 1 and not missing_columns([name.strip() for name in given[0].split(delimiter)], contract):
            raise UnreadableFile(
                "missing-columns",
                f"The cells are separated by {called}, but the contract says "
                f"{OTHERS[contract.file.delimiter]}. Choose the contract that fits the file, or export it again.",
            )
    problem = CATALOGUE["missing-columns"]
    words = f"{problem.says(detail=', '.join(missing))} It has: {_some(given)}."
    if looks_like_data(given):
        words += (
            " The first line looks like a row: if the file has no header line, "
            "name its columns in the contract (file.header)."
        )
    raise UnreadableFile(problem.code, f"{words} {problem.remedy}")


def _some(names: list[str]) -> str:
    """A header may be anything; people read only so much of it."""
    shown = ", ".join(name if len(name) <= LONG else f"{name[:LONG]}…" for name in names[:MANY])
    return shown if len(names) <= MANY else f"{shown} and {len(names) - MANY:,} more"


def part_of(block: Block, contract: Contract, received: date, dating: Dating) -> Part:
    """The rows of a block, normalised and judged."""
    table, findings = normalise(block.cells, contract, date_only=dating.date_only, known=dating.known)
    for code, rows in block.flagged.items():
        findings.add(rows, code, None)
    # the frame libraries may still be loading in a thread, and blocks are read meanwhile
    from tillstream.pipeline.validating.validate import validate

    validate(table, contract, findings, received_date=received)
    tell_swapped_days(table, findings)
    refused = [
        RefusedRow(
            row.row_number,
            row.line_number,
            row.raw,
            [{"code": row.code, "column": None, "value": row.value, "detail": row.detail}],
        )
        for row in block.refused
    ]
    return Part(
        table,
        block.row_number,
        block.line_number,
        findings,
        block.raw,
        refused,
        block.blank,
        ignored=block.ignored,
        cut=block.cut,
    )
