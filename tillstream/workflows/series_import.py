"""Read an outside series from a CSV file or a workbook, all rows or none."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import TypeVar

from tillstream.domain.catalogue import cell_values
from tillstream.domain.catalogue.cell_values import CellProblem
from tillstream.domain.catalogue.columns import EntryColumn
from tillstream.domain.catalogue.problems import EntryProblem
from tillstream.forecasting.outside import OutsideValue
from tillstream.model.errors import Rejected
from tillstream.model.limits import LIMITS
from tillstream.workflows.catalogue_import.read_file import FileRow, read

MOST_ROWS = 100_000
Converted = TypeVar("Converted")
_c = EntryColumn
COLUMNS = (
    _c("date", required=True, headers=("day", "week", "weekending", "period")),
    _c("value", required=True, headers=("index", "count", "visitors", "close")),
    _c("published_on", headers=("published", "releasedate", "knownon", "known")),
    _c("region"),
)


@dataclass(frozen=True)
class RowProblem:
    """Why a row cannot be imported. line: of the file. remedy: what to do."""

    line: int
    message: str
    remedy: str


@dataclass(frozen=True)
class ReadSeries:
    """values: of all rows; empty if there are problems. ignored_headers: of columns that are not read."""

    values: Sequence[OutsideValue]
    problems: Sequence[RowProblem]
    ignored_headers: Sequence[str] = ()


def read_series(content: bytes, regions: Collection[str]) -> ReadSeries:
    """Read a series. A value without `published_on` was known on the day after its own. Raises `Rejected`."""
    table = read(content, COLUMNS, LIMITS)
    rows = [row for row in table.rows if row.unreadable or any(map(str.strip, row.cells.values()))]
    if not rows:
        raise Rejected("The file has no values.")
    if len(rows) > MOST_ROWS:
        raise Rejected(f"A series can have {MOST_ROWS:,} rows; the file has {len(rows):,}.")
    values: list[OutsideValue] = []
    problems: list[RowProblem] = []
    lines: dict[tuple[date, date, str], int] = {}
    for row in rows:
        try:
            one = _value(row, regions)
        except _CellOf as error:
            problems.append(RowProblem(row.line, error.problem.message, error.problem.remedy))
            continue
        key = (one.day, one.published_on, one.region)
        if key in lines:
            message = f"The value of {one.day} is also in line {lines[key]}."
            problems.append(RowProblem(row.line, message, "Keep one of the two rows."))
        lines[key] = row.line
        values.append(one)
    return ReadSeries([] if problems else values, problems, table.ignored_headers)


class _CellOf(Exception):
    """A cell cannot be read; the problem has the name of its column."""

    def __init__(self, problem: EntryProblem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def _value(row: FileRow, regions: Collection[str]) -> OutsideValue:
    """Raises `_CellOf`."""
    if row.unreadable:
        raise _CellOf(EntryProblem("unreadable-row", value=row.unreadable))
    day = _cell(row, "date", _required_day)
    value = float(_cell(row, "value", cell_values.number))
    published_on = _cell(row, "published_on", cell_values.day) or day + timedelta(days=1)
    return OutsideValue(day, value, published_on, _cell(row, "region", partial(_region, regions)))


def _cell(row: FileRow, name: str, convert: Callable[[str], Converted]) -> Converted:
    try:
        return convert(row.cells.get(name, ""))
    except CellProblem as problem:
        raise _CellOf(problem.of(name)) from problem


def _required_day(cell: str) -> date:
    day = cell_values.day(cell)
    if day is None:
        raise CellProblem("missing-value")
    return day


def _region(regions: Collection[str], cell: str) -> str:
    region = cell.strip()
    if region and region not in regions:
        raise CellProblem("unknown-region", region, ", ".join(sorted(regions)))
    return region
