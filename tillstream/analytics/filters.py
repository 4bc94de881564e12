"""Filters of queries, parsed from text and validated."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any

from tillstream.model.columns import STATUSES
from tillstream.model.errors import Rejected

COLUMNS: Mapping[str, str] = {
    "status": "status",
    "region": "region",
    "store": "store_id",
    "category": "category",
    "product": "product_id",
    "channel": "channel",
    "salesperson": "salesperson_id",
    "country": "country",
}
"""filter → column of sale_facts; a line passes if the filter contains its value. A product without an ID has its
name."""


@dataclass(frozen=True)
class Filters:
    """Filters of sale lines, and the currency of their amounts.

    `start` and `end` are sale dates, inclusive; in the others None means any value.
    """

    start: date | None = None
    end: date | None = None
    status: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    store: tuple[str, ...] | None = None
    category: tuple[str, ...] | None = None
    product: tuple[str, ...] | None = None
    channel: tuple[str, ...] | None = None
    salesperson: tuple[str, ...] | None = None
    country: tuple[str, ...] | None = None
    before_start: date | None = None
    before_end: date | None = None
    """The period to compare with, in place of the previous one."""
    against: "Filters | None" = None
    """The sales to compare with, without their period, if they are other ones."""
    currency: str = ""
    """ISO 4217 code of the currency of all amounts; empty: the reporting currency."""

    @classmethod
    def parse(cls, raw: Mapping[str, str | Sequence[str]]) -> "Filters":
        """Parse `from`, `to`, the same of `compare-`, `currency`, and the names of COLUMNS, each one text or several;
        empty text means no filter.

        `compare-NAME` replaces NAME for the sales to compare with, which have the other filters in common.
        Raises `Rejected` with a message for users.
        """
        replaced = {name: f"{COMPARE}{name}" for name in COLUMNS if f"{COMPARE}{name}" in raw}
        if replaced:
            own = {name: value for name, value in raw.items() if name not in replaced.values()}
            columns = {name: raw[name] for name in COLUMNS if name in raw}
            return replace(
                cls.parse(own), against=cls.parse(columns | {name: raw[other] for name, other in replaced.items()})
            )
        unknown = sorted(set(raw) - NAMES)
        if unknown:
            raise Rejected(f"There is no filter {', '.join(unknown)}. Available filters: {', '.join(sorted(NAMES))}.")
        texts = {name: _non_empty(value) for name, value in raw.items()}
        start, end = _period(texts, "from", "to")
        before_start, before_end = _period(texts, "compare-from", "compare-to")
        currencies = texts.get(CURRENCY, ())
        if len(currencies) > 1:
            raise Rejected("currency must be one currency.")
        chosen: dict[str, Any] = {name: texts[name] for name in COLUMNS if texts.get(name)}
        wrong = sorted(set(chosen.get("status", ())) - set(STATUSES))
        if wrong:
            raise Rejected(f"There is no status {', '.join(wrong)}. Allowed values: {', '.join(STATUSES)}.")
        return cls(start, end, **chosen, before_start=before_start, before_end=before_end, currency="".join(currencies))

    def chosen(self) -> dict[str, tuple[str, ...]]:
        """column of sale_facts → permitted values, for the filters that are set."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {column: values[name] for name, column in COLUMNS.items() if values[name] is not None}


DATE_PATTERN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
"""The only form of dates accepted; `date.fromisoformat` also parses other forms of ISO 8601."""
COMPARE = "compare-"
COMPARED_DATES = (f"{COMPARE}from", f"{COMPARE}to")
CURRENCY = "currency"
NAMES = frozenset({"from", "to", *COMPARED_DATES, CURRENCY, *COLUMNS})


def is_filter(name: str) -> bool:
    """Whether `Filters.parse` takes a name: one of NAMES, or a column of the sales to compare with."""
    return name in NAMES or name.removeprefix(COMPARE) in COLUMNS


def _non_empty(value: str | Sequence[str]) -> tuple[str, ...]:
    return tuple(text for text in ((value,) if isinstance(value, str) else value) if text)


def _period(texts: Mapping[str, tuple[str, ...]], first: str, last: str) -> tuple[date | None, date | None]:
    start, end = (_day(name, texts.get(name, ())) for name in (first, last))
    if start and end and start > end:
        raise Rejected(f"The period ends before it begins: {first} {start} {last} {end}.")
    return start, end


def _day(name: str, texts: tuple[str, ...]) -> date | None:
    if not texts:
        return None
    if len(texts) > 1:
        raise Rejected(f"{name} must be one day.")
    try:
        return date.fromisoformat(texts[0] if DATE_PATTERN.fullmatch(texts[0]) else "")
    except ValueError as error:
        raise Rejected(f"{name} is “{texts[0]}”; write a day in the format 2026-01-31.") from error
