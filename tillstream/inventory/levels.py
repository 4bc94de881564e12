"""The projection `stock_levels`: computed again for what changed, and as a whole after changes of codes of products."""

from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, timedelta
from threading import RLock
from typing import Self

import pyarrow as pa

import sql
from tillstream.catalogue.mirror import codes_version
from tillstream.inventory import computing, mirror, records, touched
from tillstream.inventory.touched import KEY, Touched
from tillstream.model.errors import Conflict, Unavailable
from tillstream.ports import Ports
from tillstream.ports.documents import Document
from tillstream.records import data_version

COLLECTION, STATE = "stock", "levels"
TABLE = "stock_levels"
_ONE_AT_A_TIME = RLock()
MOST_PAIRS = 100_000
"""With more touched products in stores, all are computed."""


@dataclass(frozen=True)
class Computed:
    """What the stored levels include: settlements, codes of products, and recent days up to `day` (ISO 8601)."""

    settlement_no: int
    codes: str
    day: str
    columns: int
    """Number of columns of the levels: an older version, which wrote fewer, leaves wrong values in the others."""

    @classmethod
    def of(cls, document: Document) -> Self:
        return cls(*(document.data.get(field.name, "") for field in fields(cls)))


def follow(ports: Ports) -> bool:
    """`refresh` after a movement. False if the warehouse is unavailable: the worker or the sweep does it later."""
    with suppress(Unavailable, Conflict):
        refresh(ports)
        return True
    return False


def refresh(ports: Ports) -> int:
    """Write movements that the warehouse lacks, and the levels that changed; return the number of these.

    Idempotent; levels are computed, never added to. Without news, only documents are read. Two processes at the same
    time both write: the one that ends later starts again if the other has noted its state, so that no older row stays.
    The threads of a process wait for each other, so that the later ones find the work done. Raises `Conflict`,
    `Unavailable`.
    """
    with _ONE_AT_A_TIME:
        return _refresh(ports)


def _refresh(ports: Ports) -> int:
    overtaken = False
    since: Computed | None = None
    written: dict[str, Document] = {}
    while True:
        mirror.write_new(ports)
        document = ports.documents.get(COLLECTION, STATE)
        moved = records.in_state(ports, records.MIRRORED, mirror.AT_ONCE)
        today = ports.clock.now().date()
        codes = codes_version(ports)
        seen = f"{data_version.version_number(ports.documents)} {codes} {today}"
        if document and not moved and document.data["seen"] == seen and not overtaken:
            return 0
        if not overtaken:
            since = Computed.of(document) if document else None
        written |= {one.id: one for one in moved}
        now = _newest(ports, codes, today)
        has_news = overtaken or since != now or bool(moved)
        count = _write(ports, since, now, list(written.values()), from_lines=overtaken) if has_news else 0
        counted = document.data.get("changes", 0) if document else 0
        state = asdict(now) | {"seen": seen, "changes": counted + int(has_news)}
        try:
            ports.documents.put(COLLECTION, STATE, state, if_version=document.version if document else 0)
        except Conflict:
            # the rows may have replaced newer ones of the other call: all since then are computed again, from lines, as
            # the units that these rows keep may be outdated too
            overtaken = True
            continue
        overtaken, written = False, {}
        records.set_state(ports, moved, records.COMPUTED)
        if count or moved:  # a movement of the time before a count changes the history, and no level
            data_version.bump_data_version(ports.documents)
        if len(moved) < mirror.AT_ONCE:
            return count


def changes(ports: Ports) -> int:
    """How often levels were computed again; another number means that some may have changed."""
    document = ports.documents.get(COLLECTION, STATE)
    return int(document.data["changes"]) if document else 0


def rebuild(ports: Ports) -> int:
    """Write all movements and levels again; return the number of levels. Raises as `refresh`."""
    mirror.write_again(ports)
    forget(ports)
    return refresh(ports)


def fill(ports: Ports) -> None:
    """Write all movements and levels to a warehouse that replaces the one in use afterwards.

    The next `refresh` computes all levels again, in whichever of the two is in use.
    """
    mirror.replace(ports)
    today = date.fromisoformat(_newest(ports, "", ports.clock.now().date()).day)
    ports.warehouse.replace_table(TABLE, computing.levels(ports.warehouse, today))
    forget(ports)


def forget(ports: Ports) -> None:
    """Let the next `refresh` compute all levels."""
    ports.documents.delete(COLLECTION, STATE)


def last_day(ports: Ports) -> date | None:
    """The last of the recent days of the stored levels; None before they are computed."""
    document = ports.documents.get(COLLECTION, STATE)
    return date.fromisoformat(Computed.of(document).day) if document else None


def _newest(ports: Ports, codes: str, today: date) -> Computed:
    (row,) = ports.warehouse.query(sql.text("stock/newest"), {"today": today}).to_pylist()
    return Computed(row["settlement_no"], codes, (row["last_day"] or today).isoformat(), len(computing.LEVELS))


def _write(ports: Ports, before: Computed | None, now: Computed, moved: list[Document], *, from_lines: bool) -> int:
    day = date.fromisoformat(now.day)
    if before and (before.codes, before.columns) == (now.codes, now.columns):
        changed = replace(_touched(ports, before, now, moved), from_lines=from_lines)
        pairs = touched.touched_pairs(ports.warehouse, day, changed)
        if pairs.num_rows <= MOST_PAIRS:
            return _write_pairs(ports, day, changed, pairs)
    rows = computing.levels(ports.warehouse, day)
    ports.warehouse.replace_table(TABLE, rows)
    return int(rows.num_rows)


def _write_pairs(ports: Ports, day: date, changed: Touched, pairs: pa.Table) -> int:
    if not pairs.num_rows:
        return 0
    rows = touched.levels_of(ports.warehouse, day, changed, pairs)
    if rows.num_rows:
        ports.warehouse.upsert(TABLE, rows, KEY)
    return int(rows.num_rows)


def _touched(ports: Ports, before: Computed, now: Computed, moved: list[Document]) -> Touched:
    params = {"after": before.settlement_no, "last": now.settlement_no}
    days = ports.warehouse.query(sql.text("ledger/changed_days"), params).column("sale_date").to_pylist()
    movements = tuple(one.data["movement_id"] for one in moved)
    sold_on = _no_longer_alike(before.day, now.day)
    return Touched(before.settlement_no, now.settlement_no, tuple(days), movements, sold_on)


def _no_longer_alike(before: str, now: str) -> tuple[date, ...]:
    """The days that are recent by one of two last days, and not by the other."""
    first, last = sorted(map(date.fromisoformat, (before, now)))
    days = [first + timedelta(days=number + 1) for number in range((last - first).days)]
    return tuple(sorted({*days, *(day - computing.RECENT_DAYS for day in days)}))
