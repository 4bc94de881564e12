"""The days from which a change of costs counts."""

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tillstream.catalogue.mirror_rows import Row


def first_changed_day(old: Collection["Row"], new: Collection["Row"]) -> date:
    """Return the first day on which a product has another cost in a region; `date.max` if there is none.

    old, new: rows of `dim_product_cost` that differ; the days of one product and region do not overlap.
    """
    bounds = sorted({day for row in (*old, *new) for day in (_first(row), row["valid_to"]) if day})
    return next((day for day in bounds if _valid(old, day) != _valid(new, day)), date.max)


def _first(row: "Row") -> date:
    return row["valid_from"] or date.min


def _valid(rows: Collection["Row"], day: date) -> set[tuple[object, ...]]:
    """The amounts that are valid on a day."""
    return {
        (row["product_id"], row["region"], row["currency"], row["amount"])
        for row in rows
        if _first(row) <= day and (row["valid_to"] is None or day < row["valid_to"])
    }
