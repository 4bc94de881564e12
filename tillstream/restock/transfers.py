"""Transfers between the stores of a region, before orders: from stores with too much of a product to those in need."""

from dataclasses import dataclass

import numpy as np

from tillstream.forecasting.models.panel import Floats, Ints

MARGIN = 0.25
"""Share of its own level that a store keeps above this level."""


@dataclass(frozen=True)
class Transfers:
    """Whole units to transfer; each array has one value per transfer."""

    givers: Ints
    """Number of the line from which units are taken."""
    receivers: Ints
    """Number of the line that gets them."""
    units: Ints

    def taken(self, lines: int) -> Floats:
        """Return the units that each of `lines` lines gives."""
        return np.bincount(self.givers, self.units, lines).astype(np.float64)

    def received(self, lines: int) -> Floats:
        """Return the units that each of `lines` lines gets."""
        return np.bincount(self.receivers, self.units, lines).astype(np.float64)


def suggest(
    groups: Ints, levels: Floats, on_hand: Floats, position: Floats, *, margin: float = MARGIN, fewest: int = 1
) -> Transfers:
    """Return transfers of at least `fewest` units between lines of the same group.

    A group is a product in a region. A line gives what it has on hand above its level × (1 + margin), and gets what its
    position lacks to its level. Within a group the greatest surplus goes to the greatest need; ties are in the order of
    the lines. All arrays have the shape (lines,).
    """
    surplus = np.floor(np.maximum(np.minimum(on_hand, position) - levels * (1 + margin), 0)).astype(np.int64)
    need = np.ceil(np.round(np.maximum(levels - position, 0), 9)).astype(np.int64)
    givers, receivers = _ranked(groups, surplus), _ranked(groups, need)
    taken = _up_to_total(groups, givers, surplus[givers], need)
    received = _up_to_total(groups, receivers, need[receivers], surplus)
    return _matched(givers, taken, receivers, received, fewest)


def _ranked(groups: Ints, units: Ints) -> Ints:
    """Lines with units by group, those with the most first."""
    lines = np.flatnonzero(units)
    return lines[np.lexsort((lines, -units[lines], groups[lines]))]


def _up_to_total(groups: Ints, lines: Ints, units: Ints, others: Ints) -> Ints:
    """Units of lines, cut in each group after the total of the other side."""
    totals = np.zeros(int(groups.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(totals, groups, others)
    before = units.cumsum() - units
    of_group = before - before[np.searchsorted(groups[lines], groups[lines])]
    return np.clip(totals[groups[lines]] - of_group, 0, units)


def _matched(givers: Ints, taken: Ints, receivers: Ints, received: Ints, fewest: int) -> Transfers:
    """Match both sides, whose units have the same total in each group and the same order of groups."""
    ends_taken, ends_received = taken.cumsum(), received.cumsum()
    ends = np.union1d(ends_taken, ends_received)
    starts = np.concatenate([[0], ends[:-1]]).astype(np.int64)
    units = ends - starts
    is_enough = units >= max(fewest, 1)
    starts, units = starts[is_enough], units[is_enough]
    return Transfers(
        givers[np.searchsorted(ends_taken, starts, side="right")],
        receivers[np.searchsorted(ends_received, starts, side="right")],
        units,
    )
