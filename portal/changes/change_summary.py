"""The changes area's words for a change: what the parts of a page show of it, before and after."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from portal import formats
from tillstream.analytics.changes import KINDS, Changed

HEADLINES = {"revenue": "Revenue", "orders": "Orders", "units": "Units", "customers": "Customers"}
WORDS = {"added": "came in", "corrected": "changed", "removed": "left"}
WOULD = {"added": "would come in", "corrected": "would change", "removed": "would leave"}
MEANINGS = {
    "added": "Lines that count now and did not before",
    "corrected": "Lines that count with other values now",
    "removed": "Lines that count no more",
}


@dataclass(frozen=True)
class Side:
    """One figure before and after, written."""

    label: str
    before: Markup
    after: Markup
    change: Markup
    unit: str = ""
    href: str = ""


@dataclass(frozen=True)
class Told:
    """A change as a page tells it."""

    changed: Changed
    sentence: str
    counts: list[dict[str, Any]]
    headline: list[Side]
    currencies: list[Side]
    groups: list[tuple[str, int, list[dict[str, Any]]]] = field(default_factory=list)
    """(what, how many in all, the greatest differences)"""


def told(changed: Changed, *, tried: bool = False) -> Told:
    """`tried`: of what is only tried."""
    counts = [
        {"kind": kind, "count": changed.total[kind], "label": WORDS[kind], "meaning": MEANINGS[kind]} for kind in KINDS
    ]
    headline = [
        _side(HEADLINES[name], before, after, changed.reporting if name == "revenue" else "")
        for name, before, after in changed.headline
    ]
    currencies = [
        _side("Net amount", row["net_before"], row["net_after"], row["currency"]) for row in changed.currencies
    ]
    if [row["currency"] for row in changed.currencies] == [changed.reporting]:
        currencies = []  # the revenue says the same
    groups = [
        (what, changed.in_all(name), [_group(row, changed.reporting) for row in getattr(changed, name)])
        for name, what in (("regions", "Region"), ("stores", "Store"), ("days", "Day"))
    ]
    return Told(changed, sentence(changed.total, WOULD if tried else WORDS), counts, headline, currencies, groups)


def sentence(total: dict[str, Any], words: Mapping[str, str] = WORDS) -> str:
    """3 lines came in, 1 line changed, 2 lines left"""
    parts = [f"{formats.many(total[kind], 'line')} {words[kind]}" for kind in KINDS if total[kind]]
    return ", ".join(parts) or f"No line {words['corrected']}"


def difference(before: Any, after: Any, currency: str = "") -> Markup:
    """+12.50, −3; with its sign, so that no colour is needed."""
    by = (after or Decimal(0)) - (before or Decimal(0))
    text = formats.money(by, currency) if currency else formats.count(by)
    return Markup("+{}").format(text) if by > 0 else text


def _side(label: str, before: Any, after: Any, currency: str) -> Side:
    told = [formats.money(value, currency) if currency else formats.count(value) for value in (before, after)]
    return Side(label, told[0], told[1], difference(before, after, currency), currency)


def _group(row: dict[str, Any], reporting: str) -> dict[str, Any]:
    if row["sale_date"] is not None:
        label: Any = formats.day(row["sale_date"])
    elif row["store_id"] is not None:
        label = f"{row['region']} · {row['store_id']}"
    else:
        label = row["region"] or "without a store"
    return row | {"label": label, "change": difference(row["revenue_before"], row["revenue_after"], reporting)}
