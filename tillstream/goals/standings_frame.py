"""Standings as an Arrow table, from their rows of JSON."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from tillstream.goals.targets import TARGET_FIELDS, GoalMeasure

_TEXTS = frozenset({*TARGET_FIELDS, "level", "measure", "currency", "origin", "projection"})
COLUMNS = (
    *TARGET_FIELDS, "level", "measure", "currency", "goal", "origin", "unassigned", "sold", "complete_through",
    "sold_since", "reached", "expected", "projected", "projected_low", "projected_high", "projection",
    "required_per_day",
)  # fmt: skip
OF_MARGIN = "cost_coverage"
AMOUNT = pa.decimal128(38, 9)


def standings_table(rows: Sequence[Mapping[str, Any]], measure: str) -> pa.Table:
    """A table of rows as `standing_row` returns them: texts, a day, and decimals with 9 places."""
    columns = (*COLUMNS, OF_MARGIN) if measure == GoalMeasure.MARGIN else COLUMNS
    return pa.table({name: _column(name, [row[name] for row in rows]) for name in columns})


def _column(name: str, values: list[Any]) -> pa.Array:
    texts = pa.array(values, pa.string())
    if name in _TEXTS:
        return texts
    return texts.cast(pa.date32() if name == "complete_through" else AMOUNT)
