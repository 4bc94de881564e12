"""Summary of a change for a page: counts, headline figures and the largest differences."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from portal import formats
from portal.changes import texts
from portal.filters import names
from tillstream.analytics.changes import ChangeReport


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
    groups: list[tuple[str, int, list[dict[str, Any]]]] = field(default_factory=list)
    """(dimension, total number of rows, rows with the largest differences)"""


def summarize(changed: ChangeReport, *, tried: bool = False) -> ChangeSummary:
    """Format a change for a page. `tried`: it is only a preview of a settlement."""
    headline = [
        _side(texts.HEADLINES[name], before, after, changed.currency if name == "revenue" else "")
        for name, before, after in changed.headline
    ]
    currencies = [
        _side(texts.NET_AMOUNT, row["net_before"], row["net_after"], row["currency"]) for row in changed.currencies
    ]
    if [row["currency"] for row in changed.currencies] == [changed.currency]:
        currencies = []  # same as the revenue
    groups = [
        (what, changed.in_all(name), [_group(row, changed.currency) for row in getattr(changed, name)])
        for name, what in texts.GROUPS.items()
    ]
    return ChangeSummary(
        changed,
        texts.sentence(changed.total, texts.WOULD if tried else texts.WORDS),
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


def _group(row: dict[str, Any], currency: str) -> dict[str, Any]:
    if row["sale_date"] is not None:
        label: Any = formats.day(row["sale_date"])
    elif row["store_id"] is not None:
        label = texts.store(row["region"], names.store(row["region"], row["store_id"]))
    else:
        label = row["region"] or texts.WITHOUT_STORE
    return row | {"label": label, "change": difference(row["revenue_before"], row["revenue_after"], currency)}
