"""The example consumer of the page of sale events is idempotent."""

import json
import random
import sqlite3
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from docs.examples.consume_sale_events import apply


def event(sale: int, settlement_no: int, amount: int, *, removed: bool) -> dict[str, Any]:
    line = {"region": "UK", "sale_id": f"A/{sale}", "line_key": "P#1", "net_amount": str(amount), "currency": "GBP"}
    kind = "sale.removed" if removed else "sale.changed"
    return {"type": kind, "settlement_no": settlement_no, "line": line}


def lines(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    database = sqlite3.connect(":memory:")
    apply(database, map(json.dumps, events))
    rows: list[tuple[Any, ...]] = database.execute("SELECT * FROM lines ORDER BY 1, 2, 3").fetchall()
    database.close()
    return rows


@given(
    st.lists(st.tuples(st.integers(1, 3), st.integers(-9, 9), st.booleans()), max_size=12),
    st.randoms(use_true_random=False),
)
def test_repeats_and_another_order_give_the_same_lines(
    changes: list[tuple[int, int, bool]], rng: random.Random
) -> None:
    in_order = [event(sale, no, amount, removed=gone) for no, (sale, amount, gone) in enumerate(changes, start=1)]
    shuffled = in_order + [one for one in in_order if rng.random() < 0.5]
    rng.shuffle(shuffled)
    assert lines(shuffled) == lines(in_order)
