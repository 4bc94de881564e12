"""Exchange rates as reference data: a group for each month, an entry for each day and currency. They concern all homes.

Rates are never removed. Those that come with the program count as agreed.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.analytics import reference
from tillstream.analytics.fx import rate_files
from tillstream.model.document_json import decimal_text
from tillstream.ports import Ports
from tillstream.sync.reference.agreed import Agreed
from tillstream.sync.reference.entries import Change, Group, Page, Reference, Saved

KIND = "rates"
MONTHS = 12
"""Groups of a page."""
NINE_PLACES = Decimal("1e-9")
MOST = Decimal(10) ** 14
_NAME = re.compile(rf"{KIND}:[0-9]{{4}}-(0[1-9]|1[0-2])")
_SPAN = "SELECT rate_date, currency, per_euro FROM fx_rates WHERE rate_date BETWEEN @first AND @last"


def digests(ports: Ports) -> dict[str, str]:
    """Group → digest of its rates."""
    return _digests(ports.warehouse.query(sql.text("reference/rates")))


@cache
def shipped_digests() -> Mapping[str, str]:
    """As `digests`, of the rates that come with the program."""
    return _digests(rate_files.shipped_rates())


def _digests(table: pa.Table) -> dict[str, str]:
    table = table.sort_by([("rate_date", "ascending"), ("currency", "ascending")])
    months = pc.strftime(table["rate_date"], format="%Y-%m").combine_chunks()
    day, rate = (pc.cast(table[name], pa.string()) for name in ("rate_date", "per_euro"))
    lines = pc.binary_join_element_wise(day, table["currency"], rate, " ").combine_chunks()
    runs = pc.run_end_encode(months)
    start, digest = 0, {}
    for month, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        text = "\n".join(lines.slice(start, end - start).to_pylist())
        digest[f"{KIND}:{month}"] = hashlib.sha256(text.encode()).hexdigest()[:32]
        start = end
    return digest


def groups(ports: Ports, names: Collection[str]) -> dict[str, Group]:
    """The rates of these groups, by name of the group; a group without rates is left out. Raises `ValueError`."""
    if not names:
        return {}
    first, last = _first_day(min(names)), _first_day(max(names)).replace(day=28)
    until = date.fromordinal(last.toordinal() + 3)  # a day of another month is left out below
    table = ports.warehouse.query(_SPAN, {"first": first, "last": until})
    return _grouped(table, rate_files.loads_by_month(ports), names)


def page(ports: Ports, names: Collection[str], after: str) -> Page:
    """The rates of the next groups."""
    left = sorted(name for name in names if name > after and _NAME.fullmatch(name))
    listed = groups(ports, left[:MONTHS])
    entries = tuple(one for group in listed.values() for one in group.entries.values())
    return Page(entries, left[MONTHS - 1] if left[MONTHS:] else "")


def shipped(names: Collection[str]) -> Mapping[str, Mapping[str, Agreed]]:
    """Group → key → the rates that come with the program."""
    listed = _grouped(rate_files.shipped_rates(), {}, names)
    return {name: {key: Agreed(one.digest, 0) for key, one in group.entries.items()} for name, group in listed.items()}


def save(ports: Ports, changes: Sequence[Change], by: str) -> list[Saved]:
    """Save rates that the other side has.

    Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for content of another form.
    """
    rows = [_row(change.entry) for change in changes]
    stored = groups(ports, {change.entry.group for change in changes})
    results: list[Saved] = []
    wanted: list[dict[str, Any]] = []
    loads = rate_files.loads_by_month(ports)
    for change, row in zip(changes, rows, strict=True):
        name = change.entry.group
        current = stored.get(name, Group(name)).get(change.entry.key)
        if row is None:
            results.append(Saved(why="The other side has no such rate, although none is ever removed."))
        elif current.digest == change.entry.digest:
            results.append(Saved(current.version))
        elif current.digest == change.expected:
            results.append(Saved(_version(loads, name) + 1))
            wanted.append(row)
        else:
            results.append(Saved())
    if wanted:
        reference.save_rates(ports, pa.Table.from_pylist(wanted, rate_files.RATES_SCHEMA), "sync", by)
    return results


def day_and_currency(key: str) -> tuple[date, str]:
    """Of the key of an entry. Raises `ValueError`."""
    day, _, currency = key.partition(" ")
    if not re.fullmatch("[A-Z]{3}", currency) or currency == "EUR" or date.fromisoformat(day).isoformat() != day:
        raise ValueError(key)
    return date.fromisoformat(day), currency


def _grouped(table: pa.Table, loads: Mapping[str, int], names: Collection[str]) -> dict[str, Group]:
    entries: defaultdict[str, dict[str, Reference]] = defaultdict(dict)
    months = pc.strftime(table["rate_date"], format="%Y-%m").to_pylist()
    columns = (table[name].to_pylist() for name in table.column_names)
    for month, (day, currency, rate) in zip(months, zip(*columns, strict=True), strict=True):
        name = f"{KIND}:{month}"
        if name in names:
            key = f"{day} {currency}"
            entries[name][key] = Reference(name, key, {"per_euro": decimal_text(rate)}, _version(loads, name))
    return {name: Group(name, one) for name, one in entries.items()}


def _version(loads: Mapping[str, int], name: str) -> int:
    return 1 + loads.get(name.partition(":")[2], 0)


def _first_day(name: str) -> date:
    return date.fromisoformat(f"{name.partition(':')[2]}-01")


def _row(entry: Reference) -> dict[str, Any] | None:
    day, currency = day_and_currency(entry.key)
    if entry.group != f"{KIND}:{day:%Y-%m}":
        raise ValueError(entry.group)
    if entry.content is None:
        return None
    rate = Decimal(entry.content["per_euro"])
    if not 0 < rate < MOST or rate != rate.quantize(NINE_PLACES) or set(entry.content) != {"per_euro"}:
        raise ValueError(entry.content["per_euro"])
    return {"rate_date": day, "currency": currency, "per_euro": rate}
