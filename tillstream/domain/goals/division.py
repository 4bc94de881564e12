"""Divide the goal of a target among the targets below it, and over the days of its month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from typing import Generic, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class Division(Generic[Key]):
    """How a goal is divided. shares: the amounts of those without a goal of their own."""

    shares: Mapping[Key, Decimal]
    unassigned: Decimal
    """The goal minus the goals below it: positive if all below have their own and reach less, negative if more."""


def divide(goal: Decimal, own: Mapping[Key, Decimal], sold: Mapping[Key, Decimal], digits: int) -> Division[Key]:
    """Divide a goal: own goals stay as they are, and the rest is split in the ratio of what was sold.

    own: goals of their own, in the currency of the goal. sold: the sales of the last 12 months of all below. digits:
    decimals of amounts. If nothing is left, or nobody without a goal has sales, there are no shares.
    """
    rest = goal - sum(own.values(), Decimal(0))
    weights = {key: amount for key, amount in sold.items() if key not in own and amount > 0}
    if not weights or rest < 0 or (rest == 0 and own):
        return Division({}, rest if own else Decimal(0))
    return Division(split(rest, weights, digits), Decimal(0))


def split(amount: Decimal, weights: Mapping[Key, Decimal], digits: int) -> dict[Key, Decimal]:
    """Split an amount in the ratio of positive weights, by the largest remainder: the parts add up to it exactly."""
    unit, total = Decimal(1).scaleb(-digits), sum(weights.values(), Decimal(0))
    exact = {key: amount * weight / total for key, weight in weights.items()}
    parts = {key: part.quantize(unit, ROUND_FLOOR) for key, part in exact.items()}
    missing = int((amount - sum(parts.values(), Decimal(0))) / unit)
    by_remainder = sorted(exact, key=lambda key: parts[key] - exact[key])
    for key in by_remainder[:missing]:
        parts[key] += unit
    if parts:
        largest = max(parts, key=lambda key: parts[key])
        parts[largest] += amount - sum(parts.values(), Decimal(0))  # digits of the amount itself beyond `digits`
    return parts


def through(goal: Decimal, weights: Sequence[float], days: int, digits: int) -> Decimal | None:
    """The part of a goal for the first days of a month, whose days have these weights; None if all are 0."""
    total = sum(weights)
    if total <= 0:
        return None
    if days >= len(weights):
        return goal
    return round(goal * Decimal(repr(sum(weights[:days]) / total)), digits)
