"""Outside series, such as a market index or footfall: stored by day, and read from a file."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from tillstream.model import catalogue_columns
from tillstream.model.audit import AuditAction
from tillstream.model.catalogue_columns import CellProblem, EntryColumn
from tillstream.model.document_json import from_json, to_json
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.limits import LIMITS
from tillstream.pipeline.tabular import RowProblem, TableRow, UnusableCell, read_rows
from tillstream.ports import Ports
from tillstream.ports.documents import AFTER_ANY, Document, Put, Update, update_document
from tillstream.records import audit_log

COLLECTION, VALUES_COLLECTION = "outside_series", "outside_series_values"
MAX_SERIES = 20
SERIES_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
REMOVED_RETENTION = timedelta(days=30)
"""Time for which a removed series can be restored."""
_ROWS = 5_000
"""Values of one document; it stays below the limit of a document store."""

MAX_ROWS = 100_000
Converted = TypeVar("Converted")
_c = EntryColumn
SERIES_COLUMNS = (
    _c("date", required=True, headers=("day", "week", "weekending", "period")),
    _c("value", required=True, headers=("index", "count", "visitors", "close")),
    _c("published_on", headers=("published", "releasedate", "knownon", "known")),
    _c("region"),
)


@dataclass(frozen=True)
class OutsideValue:
    """A value of a day. published_on: the day from which on it was known. region: empty for all regions."""

    day: date
    value: float
    published_on: date
    region: str = ""


@dataclass(frozen=True)
class OutsideSeries:
    """An imported series. first, last: its days, ISO 8601. version: of its values, rising with each change."""

    name: str
    rows: int
    first: str
    last: str
    regions: tuple[str, ...]
    by: str
    at: str
    version: int


@dataclass(frozen=True)
class StoredSeries:
    """A series with what it was before its last change. current: None if it is removed. by, at: of the change."""

    name: str
    current: OutsideSeries | None
    earlier: OutsideSeries | None
    by: str
    at: str

    def in_use(self) -> OutsideSeries:
        """The series that forecasts use. Raises `NotFound` if it is removed."""
        if self.current is None:
            raise NotFound(f"There is no series “{self.name}”.")
        return self.current


SeriesChange = Callable[[StoredSeries, int], tuple[StoredSeries, list[Put]]]
"""A series and the version of its next values → the series after the change, and further documents."""


def save_series(ports: Ports, name: str, values: Sequence[OutsideValue], *, by: str, file: str) -> OutsideSeries:
    """Store a series; it replaces one of the same name. Raises `Rejected`, `Conflict`."""
    if not SERIES_NAME.fullmatch(name):
        raise Rejected(
            f"“{name}” cannot be the name of a series. Write at most 40 lower-case letters, digits and underscores, "
            "beginning with a letter."
        )
    _check_room(ports, name)
    days = [one.day for one in values]
    regions = tuple(sorted({one.region for one in values} - {""}))
    first, last = min(days).isoformat(), max(days).isoformat()

    def change(before: StoredSeries, version: int) -> tuple[StoredSeries, list[Put]]:
        series = OutsideSeries(name, len(values), first, last, regions, by, _now(ports), version)
        entry = audit_log.entry(
            ports, by, AuditAction.SERIES_IMPORTED, f"series {name}", None, {"rows": len(values), "file": file}
        )
        after = StoredSeries(name, series, before.current or before.earlier, by, series.at)
        return after, [*_puts(name, version, values), entry]

    return _change_series(ports, name, change).in_use()


def remove_series(ports: Ports, name: str, *, by: str) -> None:
    """Remove a series; it can be restored for `REMOVED_RETENTION`. Raises `NotFound`, `Conflict`."""

    def change(before: StoredSeries, _: int) -> tuple[StoredSeries, list[Put]]:
        removed = before.in_use()
        entry = audit_log.entry(ports, by, AuditAction.SERIES_REMOVED, f"series {name}", {"rows": removed.rows}, None)
        return StoredSeries(name, None, removed, by, _now(ports)), [entry]

    _change_series(ports, name, change)


def restore_series(ports: Ports, name: str, *, by: str) -> OutsideSeries:
    """Take back the last import or removal; a second time, do it again. Raises `NotFound`, `Rejected`, `Conflict`."""
    _check_room(ports, name)

    def change(before: StoredSeries, _: int) -> tuple[StoredSeries, list[Put]]:
        if before.earlier is None:
            raise NotFound(f"There is no earlier version of the series “{name}”.")
        entry = audit_log.entry(
            ports, by, AuditAction.SERIES_RESTORED, f"series {name}", None, {"rows": before.earlier.rows}
        )
        return StoredSeries(name, before.earlier, before.current, by, _now(ports)), [entry]

    return _change_series(ports, name, change).in_use()


def stored_series(ports: Ports) -> list[StoredSeries]:
    """All series, also removed ones, by name."""
    documents = ports.documents.find(COLLECTION)
    return sorted((_decoded(one.id, one.data) for one in documents), key=lambda one: one.name)


def get_series(ports: Ports, name: str) -> StoredSeries:
    """A series. Raises `NotFound`."""
    document = ports.documents.get(COLLECTION, name) if SERIES_NAME.fullmatch(name) else None
    if document is None:
        raise NotFound(f"There is no series “{name}”.")
    return _decoded(name, document.data)


def listed_series(ports: Ports) -> list[OutsideSeries]:
    """All series that forecasts use, by name."""
    return [one.current for one in stored_series(ports) if one.current]


def values_of_series(ports: Ports, series: OutsideSeries) -> list[OutsideValue]:
    """The values of a series, by day."""
    start = f"{series.name}.{series.version:06}."
    documents = ports.documents.find(VALUES_COLLECTION, above=start, below=f"{start}{AFTER_ANY}")
    return [
        OutsideValue(date.fromisoformat(day), float(value), date.fromisoformat(published_on), region)
        for one in documents
        for day, value, published_on, region in (row["cells"] for row in one.data["rows"])
    ]


def delete_removed_series(ports: Ports) -> None:
    """Delete series that were removed more than `REMOVED_RETENTION` ago. Idempotent."""
    cutoff = ports.clock.now() - REMOVED_RETENTION
    for one in stored_series(ports):
        if one.current is None and datetime.fromisoformat(one.at) < cutoff:
            _delete_values(ports, one.name, set())
            ports.documents.delete(COLLECTION, one.name)


def _change_series(ports: Ports, name: str, change: SeriesChange) -> StoredSeries:
    """Change a series by compare-and-set, then delete the values that it no longer has."""
    if not SERIES_NAME.fullmatch(name):
        raise NotFound(f"There is no series “{name}”.")

    def next_state(document: Document | None) -> Update:
        before = _decoded(name, document.data if document else {})
        after, puts = change(before, document.version + 1 if document else 1)
        return Update(_encoded(after), puts)

    after = _decoded(name, update_document(ports.documents, COLLECTION, name, next_state).data)
    _delete_values(ports, name, {one.version for one in (after.current, after.earlier) if one})
    return after


def _check_room(ports: Ports, name: str) -> None:
    names = {one.name for one in listed_series(ports)} - {name}
    if len(names) >= MAX_SERIES:
        raise Rejected(f"There are {MAX_SERIES} series already. Remove one first.")


def _puts(name: str, version: int, values: Sequence[OutsideValue]) -> list[Put]:
    rows = [
        {"cells": [one.day.isoformat(), repr(one.value), one.published_on.isoformat(), one.region]}
        for one in sorted(values, key=lambda each: (each.day, each.region, each.published_on))
    ]
    return [
        Put(VALUES_COLLECTION, f"{name}.{version:06}.{start:06}", {"rows": rows[start : start + _ROWS]})
        for start in range(0, len(rows), _ROWS)
    ]


def _delete_values(ports: Ports, name: str, kept: set[int]) -> None:
    """Delete the values of all versions but the kept ones."""
    for one in ports.documents.find(VALUES_COLLECTION, above=f"{name}.", below=f"{name}.{AFTER_ANY}"):
        if int(one.id.split(".")[1]) not in kept:
            ports.documents.delete(VALUES_COLLECTION, one.id)


def _encoded(series: StoredSeries) -> dict[str, Any]:
    sides = {"current": series.current, "earlier": series.earlier}
    return {name: to_json(one) if one else None for name, one in sides.items()} | {"by": series.by, "at": series.at}


def _decoded(name: str, data: Mapping[str, Any]) -> StoredSeries:
    absent = {"current": None, "earlier": None, "by": "", "at": ""}
    return from_json(StoredSeries, {**absent, **data, "name": name})


def _now(ports: Ports) -> str:
    return ports.clock.now().isoformat(timespec="seconds")


@dataclass(frozen=True)
class ReadSeries:
    """values: of all rows; empty if there are problems. ignored_headers: of columns that are not read."""

    values: Sequence[OutsideValue]
    problems: Sequence[RowProblem]
    ignored_headers: Sequence[str] = ()


def read_series(content: bytes, regions: Collection[str]) -> ReadSeries:
    """Read a series. A value without `published_on` was known on the day after its own. Raises `Rejected`."""
    table = read_rows(content, SERIES_COLUMNS, LIMITS)
    lines: dict[tuple[date, date, str], int] = {}

    def value_of_row(row: TableRow) -> OutsideValue:
        value = _value(row, regions)
        key = (value.day, value.published_on, value.region)
        earlier, lines[key] = lines.get(key), row.line
        if earlier:
            message = f"The value of {value.day} is also in line {earlier}."
            raise UnusableCell("", "", message, "Keep one of the two rows.")
        return value

    values, problems = table.convert(value_of_row)
    if not values and not problems:
        raise Rejected("The file has no values.")
    if len(values) + len(problems) > MAX_ROWS:
        raise Rejected(f"A series can have {MAX_ROWS:,} rows; the file has {len(values) + len(problems):,}.")
    return ReadSeries([] if problems else values, problems, table.ignored_headers)


def _value(row: TableRow, regions: Collection[str]) -> OutsideValue:
    """Raises `UnusableCell`."""
    day = _cell(row, "date", _required_day)
    value = float(_cell(row, "value", catalogue_columns.parse_number))
    published_on = _cell(row, "published_on", catalogue_columns.parse_day) or day + timedelta(days=1)
    return OutsideValue(day, value, published_on, _cell(row, "region", partial(_region, regions)))


def _cell(row: TableRow, name: str, convert: Callable[[str], Converted]) -> Converted:
    try:
        return convert(row.cells.get(name, ""))
    except CellProblem as problem:
        raise UnusableCell.from_entry(problem.at_field(name)) from problem


def _required_day(cell: str) -> date:
    day = catalogue_columns.parse_day(cell)
    if day is None:
        raise CellProblem("missing-value")
    return day


def _region(regions: Collection[str], cell: str) -> str:
    region = cell.strip()
    if region and region not in regions:
        raise CellProblem("unknown-region", region, ", ".join(sorted(regions)))
    return region
