"""The kinds of reference data: entries of the catalogue, goals of a month, and exchange rates of a month.

Rates are never removed. Those that come with the program count as agreed.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import sql
from tillstream.analytics import reference
from tillstream.analytics.fx import rate_files
from tillstream.catalogue import entry_saving, stored_entries
from tillstream.catalogue.entry_saving import SentEntry
from tillstream.catalogue.stored_entries import codes_of_product
from tillstream.goals import stored_goals
from tillstream.goals.stored_goals import GoalKey, GoalsOfMonth
from tillstream.goals.targets import TARGET_FIELDS, Goal, GoalMeasure, GoalTarget
from tillstream.model.dates import Month
from tillstream.model.document_json import check_types, decimal_text, from_json, to_json
from tillstream.model.errors import Conflict, Rejected
from tillstream.model.product_catalogue import ENTRY_CLASSES, Entry, EntryKind, Product, Promotion, Salesperson, Store
from tillstream.ports import Ports
from tillstream.sync.reference_entries import (
    ENTRIES_AT_ONCE,
    NOT_OF_A_REGION,
    AgreedEntry,
    ReferenceChange,
    ReferenceEntry,
    ReferenceGroup,
    ReferencePage,
    SavedChange,
)

CATALOGUE_KINDS = (EntryKind.SUPPLIER, EntryKind.STORE, EntryKind.PRODUCT, EntryKind.SALESPERSON, EntryKind.PROMOTION)
"""In an order in which an entry comes after those that it names."""
MAX_ENTRIES_READ = 10_000
"""Entries that are read for a page."""

GOALS_KIND = "goals"

RATES_KIND = "rates"
MONTHS_AT_ONCE = 12
"""Groups of a page."""
NINE_PLACES = Decimal("1e-9")
MAX_RATE = Decimal(10) ** 14
_RATE_GROUP = re.compile(rf"{RATES_KIND}:[0-9]{{4}}-(0[1-9]|1[0-2])")
_RATES_BETWEEN = "SELECT rate_date, currency, per_euro FROM fx_rates WHERE rate_date BETWEEN @first AND @last"


def catalogue_groups(ports: Ports, regions: Collection[str]) -> Iterator[ReferenceGroup]:
    """Yield the groups of the entries that concern a home with these regions."""
    for kind in CATALOGUE_KINDS:
        entries: defaultdict[str, dict[str, ReferenceEntry]] = defaultdict(dict)
        for stored in stored_entries.find_entries(ports, kind):
            if concerns_regions(stored.entry, regions):
                key = stored_entries.entry_document_id(*stored.entry.key)
                name = _catalogue_group(kind, key)
                entries[name][key] = ReferenceEntry(name, key, to_json(stored.entry), stored.version)
        for name, one in entries.items():
            yield ReferenceGroup(name, one)


def concerns_regions(entry: Entry, regions: Collection[str]) -> bool:
    """Whether an entry concerns a home with these regions. One that can change its region always does."""
    return entry.region in regions if isinstance(entry, Store | Salesperson) else True


def catalogue_entry(reference: ReferenceEntry) -> Entry:
    """The entry of the catalogue. Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for other content."""
    kind = EntryKind(reference.group.partition(":")[0])
    entry = from_json(ENTRY_CLASSES[kind], dict(reference.content or {}))
    check_types(entry)
    if (
        stored_entries.entry_document_id(*entry.key) != reference.key
        or _catalogue_group(kind, reference.key) != reference.group
    ):
        raise ValueError(reference.key)
    return entry


def catalogue_page(
    ports: Ports, regions: Collection[str], kind: EntryKind, groups: Collection[str], after: str
) -> ReferencePage:
    """Entries of groups of a kind, by document ID. Reads each entry of the kind in one page only."""
    listed: list[ReferenceEntry] = []
    read = 0
    while len(listed) < ENTRIES_AT_ONCE and read < MAX_ENTRIES_READ:
        documents = ports.documents.find(
            stored_entries.ENTRY_COLLECTIONS[kind], above=after or None, limit=ENTRIES_AT_ONCE
        )
        for document in documents:
            name = _catalogue_group(kind, document.id)
            stored = stored_entries.to_stored_entry(kind, document) if name in groups else None
            if stored and concerns_regions(stored.entry, regions):
                listed.append(ReferenceEntry(name, document.id, to_json(stored.entry), stored.version))
        if len(documents) < ENTRIES_AT_ONCE:
            return ReferencePage(tuple(listed))
        read, after = read + len(documents), documents[-1].id
    return ReferencePage(tuple(listed), after)


def save_catalogue(
    ports: Ports, changes: Sequence[ReferenceChange], by: str, regions: Collection[str]
) -> list[SavedChange]:
    """Save entries exactly as the other side has them, with their times. regions: of the home.

    Raises as `catalogue_entry`, and as `entry_saving.save_sent_entries`.
    """
    results: dict[int, SavedChange] = {}
    entries: dict[int, SentEntry] = {}
    for place, change in enumerate(changes):
        if change.entry.content is None:
            results[place] = SavedChange(why="The other side has no such entry, although none is ever deleted.")
            continue
        entry = catalogue_entry(change.entry)
        if why := _catalogue_refusal(change.entry, entry, regions):
            results[place] = SavedChange(why=why)
            continue
        kind = EntryKind(change.entry.group.partition(":")[0])
        entries[place] = SentEntry(
            kind, entry, partial(_is_catalogue_expected, change), {*regions, *_named_regions(entry)}
        )
    for place, outcome in zip(entries, entry_saving.save_sent_entries(ports, list(entries.values()), by), strict=True):
        results[place] = SavedChange(outcome.version, outcome.why)
    return [results[place] for place in range(len(changes))]


def _is_catalogue_expected(change: ReferenceChange, stored: Entry | None) -> bool:
    return replace(change.entry, content=to_json(stored) if stored else None).digest == change.expected


def _catalogue_refusal(reference: ReferenceEntry, entry: Entry, regions: Collection[str]) -> str:
    """Why an entry is not saved whatever is stored; empty if it can be."""
    if replace(reference, content=to_json(entry)).digest != reference.digest:
        return "It has fields that this version of Tillstream does not know. Upgrade this side."
    return "" if concerns_regions(entry, regions) else NOT_OF_A_REGION


def _named_regions(entry: Entry) -> Iterator[str]:
    """The regions that an entry names, which the side that sends it has."""
    if isinstance(entry, Product):
        yield from (row.region for row in (*entry.costs, *entry.prices))
        yield from (region for region, _ in codes_of_product(entry))
    elif isinstance(entry, Store | Salesperson | Promotion):
        yield entry.region


def _catalogue_group(kind: EntryKind, key: str) -> str:
    return f"{kind.value}:{hashlib.sha256(key.encode()).hexdigest()[:2]}"


def goal_groups(ports: Ports, regions: Collection[str]) -> Iterator[ReferenceGroup]:
    """Yield the groups of the months whose goals were ever saved."""
    for stored in stored_goals.goals_ever_saved(ports):
        yield goals_of_month(stored, regions)


def goals_page(ports: Ports, regions: Collection[str], groups: Collection[str], after: str) -> ReferencePage:
    """The goals of one month."""
    names = sorted(name for name in groups if name > after)
    if not names:
        return ReferencePage()
    month = Month.parse(names[0].partition(":")[2])
    if month is None:
        return ReferencePage(after=names[0])
    group = goals_of_month(stored_goals.read_goals(ports, month), regions)
    return ReferencePage(tuple(group.entries.values()), names[0] if names[1:] else "", {group.name: group.version})


def goals_of_month(stored: GoalsOfMonth, regions: Collection[str]) -> ReferenceGroup:
    """The goals of a month that concern a home with these regions."""
    name = f"{GOALS_KIND}:{stored.month}"
    own = [goal for goal in stored.goals.values() if goal.target.region in regions]
    entries = [
        ReferenceEntry(name, _goal_key_text(goal.key), stored_goals.encode_goal(goal), stored.version) for goal in own
    ]
    return ReferenceGroup(name, {one.key: one for one in entries}, stored.version)


def save_goals(
    ports: Ports, changes: Sequence[ReferenceChange], by: str, regions: Collection[str]
) -> list[SavedChange]:
    """Save goals as the other side has them. regions: of the home.

    Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for other content.
    """
    results: dict[int, SavedChange] = {}
    by_month: defaultdict[Month, list[int]] = defaultdict(list)
    for place, change in enumerate(changes):
        by_month[month_of_goal(change.entry)].append(place)
    for month, places in by_month.items():
        stored = stored_goals.read_goals(ports, month)
        group, wanted = goals_of_month(stored, regions), dict[GoalKey, Goal | None]()
        for place in places:
            change = changes[place]
            key, goal = _goal_of_entry(change.entry)
            current = group.get(change.entry.key)
            if key[0].region not in regions:
                results[place] = SavedChange(why=NOT_OF_A_REGION)
            elif current.digest not in (change.expected, change.entry.digest):
                results[place] = SavedChange()
            else:
                wanted[key] = goal
        result = _save_goal(ports, stored, wanted, by)
        results |= {place: result for place in places if place not in results}
    return [results[place] for place in range(len(changes))]


def _save_goal(ports: Ports, stored: GoalsOfMonth, wanted: dict[GoalKey, Goal | None], by: str) -> SavedChange:
    try:
        stored_goals.save_goals(
            ports, {stored.month: wanted}, by=by, source="sync", expected={stored.month: stored.version}
        )
    except Conflict:
        return SavedChange()
    except Rejected as error:
        return SavedChange(why=str(error))
    return SavedChange(stored_goals.read_goals(ports, stored.month).version)


def month_of_goal(reference: ReferenceEntry) -> Month:
    """The month of a goal. Raises `ValueError`."""
    month = Month.parse(reference.group.partition(":")[2])
    if month is None:
        raise ValueError(reference.group)
    return month


def key_of_goal(reference: ReferenceEntry) -> GoalKey:
    """The target and the measure of a goal. Raises `ValueError`."""
    *target, measure = json.loads(reference.key)
    if len(target) != len(TARGET_FIELDS) or not all(isinstance(one, str) for one in target):
        raise ValueError(reference.key)
    return GoalTarget(*target), GoalMeasure(measure)


def _goal_of_entry(reference: ReferenceEntry) -> tuple[GoalKey, Goal | None]:
    target, measure = key = key_of_goal(reference)
    if reference.content is None:
        return key, None
    goal = stored_goals.decode_goal(reference.content)
    if goal.key != key or not Decimal(0) <= goal.amount < Decimal(10) ** 15:
        raise ValueError(reference.key)
    return (target, measure), goal


def _goal_key_text(key: GoalKey) -> str:
    target, measure = key
    return json.dumps([*(getattr(target, name) for name in TARGET_FIELDS), measure.value], separators=(",", ":"))


def rate_digests(ports: Ports) -> dict[str, str]:
    """Group → digest of its rates."""
    return _digests_of_rates(ports.warehouse.query(sql.text("reference/rates")))


@cache
def shipped_rate_digests() -> Mapping[str, str]:
    """As `rate_digests`, of the rates that come with the program."""
    return _digests_of_rates(rate_files.shipped_rates())


def _digests_of_rates(table: pa.Table) -> dict[str, str]:
    table = table.sort_by([("rate_date", "ascending"), ("currency", "ascending")])
    months = pc.strftime(table["rate_date"], format="%Y-%m").combine_chunks()
    day, rate = (pc.cast(table[name], pa.string()) for name in ("rate_date", "per_euro"))
    lines = pc.binary_join_element_wise(day, table["currency"], rate, " ").combine_chunks()
    runs = pc.run_end_encode(months)
    start, digest = 0, {}
    for month, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        text = "\n".join(lines.slice(start, end - start).to_pylist())
        digest[f"{RATES_KIND}:{month}"] = hashlib.sha256(text.encode()).hexdigest()[:32]
        start = end
    return digest


def rate_groups(ports: Ports, names: Collection[str]) -> dict[str, ReferenceGroup]:
    """The rates of these groups, by name of the group; a group without rates is left out. Raises `ValueError`."""
    if not names:
        return {}
    first, last = _first_day_of_group(min(names)), _first_day_of_group(max(names)).replace(day=28)
    until = date.fromordinal(last.toordinal() + 3)  # a day of another month is left out below
    table = ports.warehouse.query(_RATES_BETWEEN, {"first": first, "last": until})
    return _rates_by_month(table, rate_files.loads_by_month(ports), names)


def rates_page(ports: Ports, names: Collection[str], after: str) -> ReferencePage:
    """The rates of the next groups."""
    left = sorted(name for name in names if name > after and _RATE_GROUP.fullmatch(name))
    listed = rate_groups(ports, left[:MONTHS_AT_ONCE])
    entries = tuple(one for group in listed.values() for one in group.entries.values())
    return ReferencePage(entries, left[MONTHS_AT_ONCE - 1] if left[MONTHS_AT_ONCE:] else "")


def shipped_rates(names: Collection[str]) -> Mapping[str, Mapping[str, AgreedEntry]]:
    """Group → key → the rates that come with the program."""
    listed = _rates_by_month(rate_files.shipped_rates(), {}, names)
    return {
        name: {key: AgreedEntry(one.digest, 0) for key, one in group.entries.items()} for name, group in listed.items()
    }


def save_rates(ports: Ports, changes: Sequence[ReferenceChange], by: str) -> list[SavedChange]:
    """Save rates that the other side has.

    Raises `KeyError`, `TypeError`, `ValueError`, `ArithmeticError` for content of another form.
    """
    rows = [_rate_row(change.entry) for change in changes]
    stored = rate_groups(ports, {change.entry.group for change in changes})
    results: list[SavedChange] = []
    wanted: list[dict[str, Any]] = []
    loads = rate_files.loads_by_month(ports)
    for change, row in zip(changes, rows, strict=True):
        name = change.entry.group
        current = stored.get(name, ReferenceGroup(name)).get(change.entry.key)
        if row is None:
            results.append(SavedChange(why="The other side has no such rate, although none is ever removed."))
        elif current.digest == change.entry.digest:
            results.append(SavedChange(current.version))
        elif current.digest == change.expected:
            results.append(SavedChange(_rate_version(loads, name) + 1))
            wanted.append(row)
        else:
            results.append(SavedChange())
    if wanted:
        reference.save_rates(ports, pa.Table.from_pylist(wanted, rate_files.RATES_SCHEMA), "sync", by)
    return results


def day_and_currency(key: str) -> tuple[date, str]:
    """Of the key of an entry. Raises `ValueError`."""
    day, _, currency = key.partition(" ")
    if not re.fullmatch("[A-Z]{3}", currency) or currency == "EUR" or date.fromisoformat(day).isoformat() != day:
        raise ValueError(key)
    return date.fromisoformat(day), currency


def _rates_by_month(table: pa.Table, loads: Mapping[str, int], names: Collection[str]) -> dict[str, ReferenceGroup]:
    entries: defaultdict[str, dict[str, ReferenceEntry]] = defaultdict(dict)
    months = pc.strftime(table["rate_date"], format="%Y-%m").to_pylist()
    columns = (table[name].to_pylist() for name in table.column_names)
    for month, (day, currency, rate) in zip(months, zip(*columns, strict=True), strict=True):
        name = f"{RATES_KIND}:{month}"
        if name in names:
            key = f"{day} {currency}"
            entries[name][key] = ReferenceEntry(name, key, {"per_euro": decimal_text(rate)}, _rate_version(loads, name))
    return {name: ReferenceGroup(name, one) for name, one in entries.items()}


def _rate_version(loads: Mapping[str, int], name: str) -> int:
    return 1 + loads.get(name.partition(":")[2], 0)


def _first_day_of_group(name: str) -> date:
    return date.fromisoformat(f"{name.partition(':')[2]}-01")


def _rate_row(entry: ReferenceEntry) -> dict[str, Any] | None:
    day, currency = day_and_currency(entry.key)
    if entry.group != f"{RATES_KIND}:{day:%Y-%m}":
        raise ValueError(entry.group)
    if entry.content is None:
        return None
    rate = Decimal(entry.content["per_euro"])
    if not 0 < rate < MAX_RATE or rate != rate.quantize(NINE_PLACES) or set(entry.content) != {"per_euro"}:
        raise ValueError(entry.content["per_euro"])
    return {"rate_date": day, "currency": currency, "per_euro": rate}
