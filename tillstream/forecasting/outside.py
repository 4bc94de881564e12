"""Outside series, such as a market index or footfall: values by day, with the day on which each was known."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tillstream import audit
from tillstream.domain.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Put

COLLECTION, VALUES = "outside_series", "outside_series_values"
MOST_SERIES = 20
NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_AFTER_ANY = "~"
"""Sorts after every digit."""


@dataclass(frozen=True)
class OutsideValue:
    """A value of a day. published_on: the day from which on it was known. region: empty for all regions."""

    day: date
    value: float
    published_on: date
    region: str = ""


@dataclass(frozen=True)
class OutsideSeries:
    """An imported series. first, last: its days, ISO 8601."""

    name: str
    rows: int
    first: str
    last: str
    regions: tuple[str, ...]
    by: str
    at: str


def save(ports: Ports, name: str, values: Sequence[OutsideValue], *, by: str, file: str) -> OutsideSeries:
    """Store a series; it replaces one of the same name. Raises `Rejected`."""
    if not NAME.fullmatch(name):
        raise Rejected(
            f"“{name}” cannot be the name of a series. Write at most 40 lower-case letters, digits and underscores."
        )
    stored = {one.name for one in listed(ports)}
    if name not in stored and len(stored) >= MOST_SERIES:
        raise Rejected(f"There are {MOST_SERIES} series already. Remove one first.")
    days = sorted(one.day for one in values)
    regions = tuple(sorted({one.region for one in values} - {""}))
    at = ports.clock.now().isoformat(timespec="seconds")
    series = OutsideSeries(name, len(values), days[0].isoformat(), days[-1].isoformat(), regions, by, at)
    years: dict[int, list[list[Any]]] = {}
    for one in sorted(values, key=lambda each: (each.day, each.region, each.published_on)):
        row = [one.day.isoformat(), repr(one.value), one.published_on.isoformat(), one.region]
        years.setdefault(one.day.year, []).append(row)
    for earlier in _documents(ports, name):
        if int(earlier.id.rpartition(".")[2]) not in years:
            ports.documents.delete(VALUES, earlier.id)
    entry = audit.entry(
        ports, by, audit.AuditAction.SERIES_IMPORTED, f"series {name}", None, {"rows": len(values), "file": file}
    )
    puts = [Put(VALUES, f"{name}.{year}", {"rows": [{"cells": row} for row in rows]}) for year, rows in years.items()]
    document = {"rows": series.rows, "first": series.first, "last": series.last, "regions": list(regions)}
    ports.documents.put_all([*puts, Put(COLLECTION, name, document | {"by": by, "at": at}), entry])
    return series


def listed(ports: Ports) -> list[OutsideSeries]:
    """All series, by name."""
    documents = ports.documents.find(COLLECTION)
    return [
        OutsideSeries(one.id, **{**one.data, "regions": tuple(one.data["regions"])})
        for one in sorted(documents, key=lambda each: each.id)
    ]


def values_of(ports: Ports, name: str) -> list[OutsideValue]:
    """The values of a series, by day."""
    rows: Iterable[list[str]] = (row["cells"] for one in _documents(ports, name) for row in one.data["rows"])
    return [
        OutsideValue(date.fromisoformat(day), float(value), date.fromisoformat(published_on), region)
        for day, value, published_on, region in rows
    ]


def remove(ports: Ports, name: str, *, by: str) -> None:
    """Delete a series. Raises `NotFound`."""
    if name not in {one.name for one in listed(ports)}:
        raise NotFound(f"There is no series “{name}”.")
    audit.record(ports, by, audit.AuditAction.SERIES_REMOVED, f"series {name}", {"name": name}, None)
    ports.documents.delete(COLLECTION, name)
    for one in _documents(ports, name):
        ports.documents.delete(VALUES, one.id)


def _documents(ports: Ports, name: str) -> list[Document]:
    """The documents of its years, in their order."""
    return ports.documents.find(VALUES, above=f"{name}.", below=f"{name}.{_AFTER_ANY}")
