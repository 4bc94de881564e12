"""Transfers: units are conserved, no giver becomes short, and none is left where another line needs it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tillstream.stock.replenishment import suggest_transfers

LINE = st.tuples(st.integers(0, 3), st.integers(0, 60), st.integers(-5, 120), st.integers(0, 40))
"""Group, level, on hand, on order."""


@given(st.lists(LINE, max_size=14), st.sampled_from([0.0, 0.25, 1.0]))
def test_transfers_are_between_lines_of_a_group_and_leave_givers_above_their_level(
    lines: list[tuple[int, int, int, int]], margin: float
) -> None:
    groups, levels, on_hand, on_order = np.array(lines, dtype=np.int64).reshape(-1, 4).T
    position = on_hand + on_order
    transfers = suggest_transfers(
        groups, levels.astype(float), on_hand.astype(float), position.astype(float), margin=margin
    )
    taken, received = transfers.taken(len(lines)), transfers.received(len(lines))
    assert (transfers.units > 0).all()
    assert (groups[transfers.givers] == groups[transfers.receivers]).all()
    assert taken.sum() == received.sum() == transfers.units.sum()
    assert not ((taken > 0) & (received > 0)).any()
    assert (on_hand - taken >= levels * (1 + margin))[taken > 0].all()
    assert (position + received <= np.ceil(levels))[received > 0].all()
    for group in set(groups.tolist()):
        own = groups == group
        surplus = np.floor(np.maximum(on_hand - levels * (1 + margin), 0))[own].sum()
        need = np.maximum(levels - position, 0)[own].sum()
        assert received[own].sum() == min(surplus, need)
