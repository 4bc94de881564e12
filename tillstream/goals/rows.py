"""A standing as a row of JSON: decimals as text, days as ISO 8601."""

from decimal import Decimal
from typing import Any

from tillstream.domain.catalogue.json_codec import decimal_text
from tillstream.domain.goals.goal import FIELDS, GoalMeasure, Target
from tillstream.goals.standings import Standing


def row_of(one: Standing, measure: GoalMeasure) -> dict[str, Any]:
    """The row of a standing."""
    goal, projection = one.goal, one.projection
    return (
        names_of(one.target)
        | {
            "level": one.target.level.value,
            "measure": measure.value,
            "currency": one.currency or None,
            "goal": _text(goal.amount) if goal else None,
            "origin": goal.origin if goal else None,
            "unassigned": _text(goal.unassigned) if goal else None,
            "sold": _text(one.sold),
            "complete_through": one.through.isoformat() if one.through else None,
            "sold_since": _text(one.since),
            "reached": _text(one.reached, 6),
            "expected": _text(one.expected),
            "projected": _text(projection.mean) if projection else None,
            "projected_low": _text(projection.low) if projection else None,
            "projected_high": _text(projection.high) if projection else None,
            "projection": projection.method if projection else None,
            "required_per_day": _text(one.required),
        }
        | ({"cost_coverage": _text(one.coverage)} if measure is GoalMeasure.MARGIN else {})
    )


def names_of(target: Target) -> dict[str, str | None]:
    """The fields of a target; None where it is not restricted."""
    return dict.fromkeys(FIELDS) | target.filled


def _text(value: Decimal | int | None, digits: int | None = None) -> str | None:
    if value is None:
        return None
    return decimal_text(Decimal(value) if digits is None else round(Decimal(value), digits))
