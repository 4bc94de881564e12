"""The definitions of the measures, read from `definitions.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal

from tillstream.analytics.measures.arithmetic import Arithmetic, parse
from tillstream.domain.errors import NotFound
from tillstream.domain.text.near_names import did_you_mean

Format = Literal["money", "count", "quantity", "share", "growth", "day", "class"]
Grain = Literal["line", "order", "customer", "comparable", "year_comparable", "measure", "effect", "attribute"]
Lines = Literal["all", "active", "orders", "cancelled", "pending", "returned", "costed", "unconverted"]

COUNTED_LINES: dict[Lines, str] = {
    "all": "All sale lines, regardless of status.",
    "active": "All sale lines that are not cancelled, including pending lines; returns count as negative.",
    "orders": "Sale lines that are neither cancelled nor returned.",
    "cancelled": "Cancelled sale lines only.",
    "pending": "Pending sale lines only.",
    "returned": "Returned sale lines only.",
    "costed": "Sale lines, not cancelled, with a quantity and a unit cost from the source or the catalogue.",
    "unconverted": "Sale lines that are not cancelled and have no exchange rate for their currency and day.",
}
GRAINS: dict[Grain, str] = {
    "line": "One row per sale line, or per day and group of lines with the same properties.",
    "order": "One row per sale line; different sales are counted.",
    "customer": "One row per customer and group.",
    "comparable": "As for lines, limited to stores that are comparable with the previous period.",
    "year_comparable": "As for lines, limited to stores that are comparable with the previous year.",
    "measure": "Computed from other measures.",
    "effect": "One part of the change of the revenue; for the whole selection only.",
    "attribute": "A column of a named query, with one row per product, customer, or cohort.",
}


@dataclass(frozen=True)
class Measure:
    """A measure; see `definitions.toml` for its properties."""

    name: str
    label: str
    format: Format
    grain: Grain
    expression: str
    lines: Lines
    description: str
    formula: str
    owner: str
    filter: str = ""
    empty: str = ""
    query: str = ""
    """The query of sql/queries that has the measure as a column or, for `growth`, as a row; empty: none."""
    rules: tuple[str, ...] = ()
    """Paragraphs."""

    @property
    def rule(self) -> str:
        return " ".join(self.rules)

    @property
    def has_query_only(self) -> bool:
        """Whether only a named query computes the measure."""
        return self.grain in {"effect", "attribute"}

    @property
    def is_additive(self) -> bool:
        """Whether the sum of the values of groups is the value of all: it is a sum over lines, each in one group."""
        return self.grain == "line" and self.expression.startswith("SUM(")

    @property
    def reads_costs(self) -> bool:
        return self.lines == "costed"

    def published(self) -> dict[str, str]:
        """The definition for programs; expressions are internal."""
        return {
            "name": self.name,
            "label": self.label,
            "format": self.format,
            "grain": self.grain,
            "lines": self.lines,
            "description": self.description,
            "formula": self.formula,
            "rule": self.rule,
            "query": self.query,
            "owner": self.owner,
        }

    @property
    def arithmetic(self) -> Arithmetic:
        """The parsed expression of a measure of measures."""
        return parse(self.expression)


@cache
def measures() -> Mapping[str, Measure]:
    """name → measure, in the order of the file."""
    content = tomllib.loads((resources.files(__package__) / "definitions.toml").read_text(encoding="utf-8"))
    return MappingProxyType({name: _measure(name, one, content["rules"]) for name, one in content["measures"].items()})


def measure(name: str) -> Measure:
    """Return the measure `name`. Raises `NotFound`."""
    one = measures().get(name)
    if one is None:
        raise NotFound(f"There is no measure {name}.{did_you_mean(name, tuple(measures()))}")
    return one


def _measure(name: str, properties: Mapping[str, Any], rules: Mapping[str, str]) -> Measure:
    values = dict(properties)
    note = values.pop("note", "")
    paragraphs = (*(rules[rule] for rule in values.pop("rules", ())), *filter(None, [note]))
    return Measure(name=name, rules=paragraphs, **values)
