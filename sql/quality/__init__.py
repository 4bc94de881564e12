"""Checks of the marts: queries that return the rows that fail.

Those of keys, missing values, accepted values and references are made from checks.toml, the others are files.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

import sql
from sql import stock_levels

Kind = Literal["unique", "not null", "accepted values", "reference", "totals"]


@dataclass(frozen=True)
class Check:
    """A check; it passes if its query returns no row."""

    name: str
    """Lower-case words joined by hyphens."""
    mart: str
    """The mart that is checked."""
    kind: Kind
    description: str
    """What holds if the check passes."""
    text: str
    """GoogleSQL of the failing rows."""
    by_day: bool
    """Whether the query takes @days ARRAY<DATE> and returns sale_date."""
    of_stock: bool = False
    """Whether the query takes the parameters of `sql.stock_levels.differences`."""
    remedy: str = ""
    """What to do if it fails; empty if that depends on the rows."""

    @property
    def counted(self) -> str:
        """GoogleSQL of the number of failing rows, by day if the check is."""
        by = "sale_date, " if self.by_day else ""
        group = "\nGROUP BY sale_date" if self.by_day else ""
        return f"SELECT {by}COUNT(*) AS failing_rows FROM (\n{self.text}\n) AS failing{group}"


@cache
def checks() -> Mapping[str, Check]:
    """Name → check, those of the totals first."""
    declared = tomllib.loads(resources.files(__name__).joinpath("checks.toml").read_text(encoding="utf-8"))
    every = [*_files(), _LEVELS, *(check for mart, rules in declared.items() for check in _of_mart(mart, rules))]
    return {check.name: check for check in every}


_LEVELS = Check(
    "stock-levels-equal-facts",
    "stock_levels",
    "totals",
    "The stored stock levels equal those computed from counts, movements and sales, for each store and product.",
    stock_levels.differences(),
    by_day=False,
    of_stock=True,
    remedy="`tillstream stock rebuild` computes all levels again.",
)
_MARTS = {
    "facts-equal-ledger": "fact_sales",
    "daily-totals-equal-lines": "fact_sales_daily",
    "one-content-per-line": "sale_versions",
    "rows-of-uploads": "receipts",
}
"""File → what it checks."""


def _files() -> Iterator[Check]:
    for name, mart in _MARTS.items():
        text = sql.text(f"quality/{name}")
        comments = " ".join(line.removeprefix("-- ") for line in re.findall(r"^-- .*$", text, re.MULTILINE))
        description = comments.partition(" @days")[0]
        yield Check(name, mart, "totals", description, sql.statement(f"quality/{name}"), "@days" in text)


def _of_mart(mart: str, rules: Mapping[str, Any]) -> Iterator[Check]:
    day, key = rules.get("day", ""), rules.get("key", [])
    slug = mart.replace("_", "-")
    if key:
        grouped = ", ".join(dict.fromkeys([*([day] if day else []), *key]))
        select = f"SELECT {grouped}, COUNT(*) AS repeated_rows FROM {mart}{_days(day)}"
        yield Check(
            f"{slug}-unique",
            mart,
            "unique",
            f"Each row has its own {' and '.join(key)}.",
            f"{select}\nGROUP BY {grouped}\nHAVING COUNT(*) > 1",
            bool(day),
        )
    if columns := rules.get("not_null", []):
        missing = " OR ".join(f"{column} IS NULL" for column in columns)
        shown = ", ".join(dict.fromkeys([*([day] if day else []), *key, *columns]))
        yield Check(
            f"{slug}-not-null",
            mart,
            "not null",
            f"These columns always have a value: {', '.join(columns)}.",
            f"SELECT {shown} FROM {mart}{_days(day, f'({missing})')}",
            bool(day),
        )
    for column, values in rules.get("accepted_values", {}).items():
        accepted = ", ".join(f"'{value}'" for value in values)
        shown = ", ".join(dict.fromkeys([*([day] if day else []), *key, column]))
        yield Check(
            f"{slug}-{column.replace('_', '-')}-values",
            mart,
            "accepted values",
            f"{column} is one of {', '.join(values)}.",
            f"SELECT {shown} FROM {mart}{_days(day, f'{column} NOT IN ({accepted})')}",
            bool(day),
        )
    for column, target in rules.get("references", {}).items():
        table, _, referenced = target.partition(".")
        yield Check(
            f"{slug}-{column.replace('_', '-')}",
            mart,
            "reference",
            f"Each {column} is in {table}.",
            f"SELECT DISTINCT facts.{column} FROM {mart} AS facts\n"
            f"LEFT JOIN {table} AS members ON members.{referenced} = facts.{column}\n"
            f"WHERE members.{referenced} IS NULL AND facts.{column} IS NOT NULL",
            by_day=False,
        )


def _days(day: str, condition: str = "") -> str:
    conditions = [*([f"{day} IN UNNEST(@days)"] if day else []), *([condition] if condition else [])]
    return f"\nWHERE {' AND '.join(conditions)}" if conditions else ""
