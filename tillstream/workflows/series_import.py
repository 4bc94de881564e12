"""Read an outside series from a CSV file or a workbook, all rows or none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tillstream.domain.catalogue import cell_values
from tillstream.domain.catalogue.cell_values import CellProblem
from tillstream.domain.catalogue.columns import EntryColumn
from tillstream.domain.errors import Rejected
from tillstream.domain.limits import LIMITS
from tillstream.forecasting.outside import OutsideValue
from tillstream.workflows.catalogue_import.read_file import FileRow, read

MOST_ROWS = 100_000
_c = EntryColumn
COLUMNS = (
    _c("date", required=True, headers=("day", "week", "weekending", "period")),
    _c("value", required=True, headers=("index", "count", "visitors", "close")),
    _c("published_on", headers=("published", "releasedate", "knownon", "known")),
    _c("region"),
)


@dataclass(frozen=True)
class RowProblem:
    line: int
    message: str


@dataclass(frozen=True)
class ReadSeries:
    """values: of all rows; empty if there are problems."""

    values: Sequence[OutsideValue]
    problems: Sequence[RowProblem]


def read_series(content: bytes, regions: Collection[str]) -> ReadSeries:
    """Read a series. A value without `published_on` was known on the day after its own. Raises `Rejected`."""
    rows = [
        row for row in read(content, COLUMNS, LIMITS).rows if row.unreadable or any(map(str.strip, row.cells.values()))
    ]
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
        except CellProblem as problem:
            shown = problem.of("value")
            problems.append(RowProblem(row.line, f"{shown.message} {shown.remedy}"))
            continue
        key = (one.day, one.published_on, one.region)
        if key in lines:
            problems.append(RowProblem(row.line, f"The value of {one.day} is also in line {lines[key]}. Keep one."))
        lines[key] = row.line
        values.append(one)
    return ReadSeries([] if problems else values, problems)


def _value(row: FileRow, regions: Collection[str]) -> OutsideValue:
    """Raises `CellProblem`."""
    if row.unreadable:
        raise CellProblem("unreadable-row", row.unreadable)
    day = cell_values.day(row.cells["date"])
    if day is None:
        raise CellProblem("wrong-date", row.cells["date"])
    value = float(cell_values.number(row.cells["value"]))
    published_on = cell_values.day(row.cells.get("published_on", "")) or day + timedelta(days=1)
    region = row.cells.get("region", "").strip()
    if region and region not in regions:
        raise CellProblem("unknown-region", region, ", ".join(sorted(regions)))
    return OutsideValue(day, value, published_on, region)
