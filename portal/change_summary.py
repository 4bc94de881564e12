"""Summary of a change for a page: counts, headline figures and the largest differences."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from portal import formats, value_names
from portal.translation import N_, _
from tillstream.analytics.changes import CHANGE_KINDS, ChangeReport
from tillstream.analytics.measures.definitions import find_measure
from tillstream.ports.warehouse import Row

CHANGE_WORDS = {"added": "added", "corrected": "changed", "removed": "removed"}
WOULD = N_({"added": "would be added", "corrected": "would be changed", "removed": "would be removed"})
GROUPS = N_({"regions": "Region", "stores": "Store", "days": "Day"})


def change_sentence(total: Row, words: Mapping[str, str] = CHANGE_WORDS) -> str:
    """A text such as: 3 lines added, 1 line changed, 2 lines removed."""
    parts = [f"{formats.many(total[kind], 'line')} {words[kind]}" for kind in CHANGE_KINDS if total[kind]]
    return ", ".join(parts) or _("No line {corrected}", corrected=words["corrected"])


def store_label(region: str, name: str) -> str:
    return f"{region} · {name}"


@dataclass(frozen=True)
class BeforeAfter:
    """One figure before and after, formatted."""

    label: str
    before: Markup
    after: Markup
    change: Markup
    unit: str = ""
    href: str = ""


@dataclass(frozen=True)
class ChangeSummary:
    """A change, formatted for a page."""

    changed: ChangeReport
    sentence: str
    headline: list[BeforeAfter]
    currencies: list[BeforeAfter]
    groups: list[tuple[str, int, list[Row]]] = field(default_factory=list)
    """(dimension, total number of rows, rows with the largest differences)"""


def summarize_change(changed: ChangeReport, *, tried: bool = False) -> ChangeSummary:
    """Format a change for a page. `tried`: it is only a preview of a settlement."""
    headline = [
        _side(_(find_measure(name).label), before, after, changed.currency if name == "revenue" else "")
        for name, before, after in changed.headline
    ]
    currencies = [
        _side(_("Net amount"), row["net_before"], row["net_after"], row["currency"]) for row in changed.currencies
    ]
    if [row["currency"] for row in changed.currencies] == [changed.currency]:
        currencies = []  # same as the revenue
    groups = [
        (what, changed.in_all(name), [_group(row, changed.currency) for row in getattr(changed, name)])
        for name, what in GROUPS.items()
    ]
    return ChangeSummary(
        changed,
        change_sentence(changed.total, WOULD if tried else CHANGE_WORDS),
        headline,
        currencies,
        groups,
    )


def difference(before: Any, after: Any, currency: str = "") -> Markup:
    """A difference such as +12.50 or −3; always signed, so that its meaning does not depend on colour."""
    by = (after or Decimal(0)) - (before or Decimal(0))
    text = formats.money(by, currency) if currency else formats.count(by)
    return Markup("+{}").format(text) if by > 0 else text


def _side(label: str, before: Any, after: Any, currency: str) -> BeforeAfter:
    formatted = [formats.money(value, currency) if currency else formats.count(value) for value in (before, after)]
    return BeforeAfter(label, formatted[0], formatted[1], difference(before, after, currency), currency)


def _group(row: Row, currency: str) -> Row:
    if row["sale_date"] is not None:
        label: Any = formats.day(row["sale_date"])
    elif row["store_id"] is not None:
        label = store_label(row["region"], value_names.store_name(row["region"], row["store_id"]))
    else:
        label = row["region"] or _("without a store")
    return row | {"label": label, "change": difference(row["revenue_before"], row["revenue_after"], currency)}
