"""The two sides of a comparison, from the address of the page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from flask import request

from portal import figures
from portal.filter_fields import remaining_values
from portal.reader_locale import days_text
from portal.translation import N_, _
from portal.value_names import value_name
from tillstream.analytics.compared_figure import DEFAULT_ITEM, EFFECT_ITEMS, ChangeEffect, named_effects
from tillstream.analytics.filters import COLUMNS, COMPARE, COMPARED_DATES, CURRENCY, Filters, period_before
from tillstream.model.errors import Rejected

SIDE_KINDS = N_(
    {
        "period": "Periods",
        "region": "Regions",
        "store": "Stores",
        "channel": "Channels",
        "category": "Categories",
        "country": "Countries",
    }
)
"""What can be compared; all but periods are filters."""
PERIOD_KINDS = N_(("the first period", "the second period"))
"""Both sides of a comparison of periods, in a sentence."""
NO_SALES = N_("There are no sales yet.")

DATES = ("from", "to", *COMPARED_DATES)
SAME_ITEMS = {"channel": "product-and-channel", "category": "category"}
"""Compared values → the items that only one side can have: comparing them would explain nothing."""
OF_PLACES = "product"
"""What an item is if no periods are compared: a web shop and a store have no channel in common."""
SHARED = frozenset({*COLUMNS, CURRENCY})
"""Filters that both sides have in common, unless they are compared."""


def not_allowed(name: str, value: str, allowed: Iterable[str]) -> str:
    return _("{name} is “{value}”; allowed values are {allowed}.", name=name, value=value, allowed=", ".join(allowed))


def reported_text(days: str) -> str:
    return _("Sales are reported for {days}. Choose two periods within these days.", days=days)


def fewer_than_two(kind: str) -> str:
    return _("There are fewer than two {side_kinds} to compare.", side_kinds=SIDE_KINDS[kind].lower())


@dataclass(frozen=True)
class Side:
    """`args`: the filters of the side, as in the address of a dashboard."""

    label: str
    args: dict[str, list[str]]
    value: str = ""
    """The compared value; empty of a period."""


@dataclass(frozen=True)
class Pair:
    """Two selections of sales. `values`: what may be chosen for either side, with its name, most lines first; empty for
    periods.

    `args`, `filters`: the second side, with the first one to compare with; None if there is nothing to compare, which
    `reason` explains.
    """

    by: str
    before: Side
    after: Side
    grain: str
    values: tuple[tuple[str, str], ...] = ()
    shared: dict[str, list[str]] | None = None
    args: dict[str, list[str]] | None = None
    filters: Filters | None = None
    reason: str = ""

    @property
    def names(self) -> tuple[str, str]:
        """Both sides in a sentence."""
        return PERIOD_KINDS if self.by == "period" else (self.before.label, self.after.label)

    @property
    def effects(self) -> Mapping[str, ChangeEffect]:
        """What the effects are called."""
        return named_effects(*self.names, self.grain)


def items_of(by: str) -> dict[str, str]:
    """Return what an item can be if these values are compared, with its label."""
    return {name: label for name, label in EFFECT_ITEMS.items() if name != SAME_ITEMS.get(by)}


def read_sides() -> Pair:
    """The sides of this request; those missing are the latest period and the one before, or the two values with the
    most lines. Raises `Rejected`, `UnknownValue`.
    """
    by = request.args.get("by", "period")
    if by not in SIDE_KINDS:
        raise Rejected(not_allowed("by", by, SIDE_KINDS))
    default = DEFAULT_ITEM if by == "period" else OF_PLACES
    grain = request.args.get("grain") or default
    if grain not in EFFECT_ITEMS:
        raise Rejected(not_allowed("grain", grain, items_of(by)))
    if grain not in items_of(by):  # of a view saved by an earlier version
        grain = default
    own = {name: values for name, values in figures.requested_filters().items() if not name.startswith(COMPARE)}
    return _periods(own, grain) if by == "period" else _values(by, own, grain)


def reported_days() -> str:
    """Why periods cannot be compared: the days that are reported."""
    (row,) = figures.rows("reported-days", Filters())
    if row["first_day"] is None:  # a region has sales, but this reader sees none of them
        return NO_SALES
    return reported_text(days_text(row["first_day"], row["last_day"]))


def _periods(own: dict[str, list[str]], grain: str) -> Pair:
    latest = figures.latest(Filters())
    if latest is None:
        return _nothing("period", grain, NO_SALES)
    chosen = _chosen_dates()
    start, end = chosen.start or latest.start, chosen.end or latest.end
    first, last = period_before(start, end)
    before_end = chosen.before_end or last
    before_start = chosen.before_start or (before_end - (end - start) if chosen.before_end else first)
    shared = {name: values for name, values in own.items() if name in SHARED}
    return _pair(
        "period",
        Side(days_text(before_start, before_end), shared | _dates(before_start, before_end)),
        Side(days_text(start, end), shared | _dates(start, end)),
        grain,
        shared,
    )


def _values(by: str, own: dict[str, list[str]], grain: str) -> Pair:
    shared = {name: kept for name, kept in own.items() if name in SHARED and name != by}
    others = {name: kept for name, kept in shared.items() if name in COLUMNS}
    narrowed = remaining_values(by, others)
    values = narrowed if len(narrowed) > 1 else remaining_values(by, {})
    latest = figures.latest(Filters())
    if len(values) < 2 or latest is None:
        return _nothing(by, grain, fewer_than_two(by))
    before = request.args.get(f"{COMPARE}{by}") or next(one for one in values if one != request.args.get(by))
    after = request.args.get(by) or next(one for one in values if one != before)
    chosen = _chosen_dates()
    shared |= _dates(chosen.start or latest.start, chosen.end or latest.end)
    first, second = (Side(value_name(by, value), shared | {by: [value]}, value) for value in (before, after))
    offered = dict.fromkeys([before, after, *narrowed])
    return _pair(by, first, second, grain, shared, [(value, value_name(by, value)) for value in offered])


def _pair(
    by: str,
    before: Side,
    after: Side,
    grain: str,
    shared: dict[str, list[str]],
    values: Sequence[tuple[str, str]] = (),
) -> Pair:
    replaced = {f"{COMPARE}{name}": chosen for name, chosen in before.args.items() if after.args[name] != chosen}
    if not replaced:
        return Pair(
            by,
            before,
            after,
            grain,
            tuple(values),
            shared,
            reason=_("Both sides are the same. Choose another one to compare with."),
        )
    args = after.args | replaced
    return Pair(by, before, after, grain, tuple(values), shared, args, figures.parse_filters(args))


def _nothing(by: str, grain: str, reason: str) -> Pair:
    return Pair(by, Side("", {}), Side("", {}), grain, reason=reason)


def _chosen_dates() -> Filters:
    """The dates of the address. Raises `Rejected`."""
    return Filters.parse({name: request.args.get(name, "") for name in DATES})


def _dates(start: date, end: date) -> dict[str, list[str]]:
    return {"from": [start.isoformat()], "to": [end.isoformat()]}
