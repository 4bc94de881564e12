"""Which staged batches are settled together, and which before others."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.model.batch import Batch, BatchKind, BatchState, StagingReport
from tillstream.pipeline.settling.lanes import (
    MAX_BATCHES,
    MAX_ROWS,
    SMALL,
    SettlementBacklog,
    SettlementBudget,
    whole_budget,
)
from tillstream.pipeline.settling.lanes import next_batches as chosen

UPLOAD, SALES, REPLAY = BatchKind.UPLOAD, BatchKind.STORE_SALES, BatchKind.REPLAY


def staged(kind: BatchKind, region: str, rows: int, received: int) -> Batch:
    return Batch(
        batch_id=f"{region}-{received}",
        kind=kind,
        bucket="inbox",
        object="a",
        generation=received,
        size=1,
        file="a.csv",
        contract=region,
        contract_version=1,
        region=region,
        received_seq=received,
        received_at="2026-11-20T00:00:00+00:00",
        received_by="emma",
        state=BatchState.STAGED,
        staged=StagingReport(rows_read=rows),
    )


def backlog(
    batches: Sequence[Batch], left: Sequence[str] = (), replaced: dict[str, str] | None = None
) -> SettlementBacklog:
    rows = {batch.batch_id: batch.staged.rows_read for batch in batches if batch.staged}
    return SettlementBacklog(rows, frozenset(left), replaced)


def next_batches(batches: Sequence[Batch], *, sales_first: bool) -> list[Batch]:
    return chosen(batches, backlog(batches), whole_budget(), sales_first=sales_first)


def names(batches: list[Batch]) -> list[str]:
    return [batch.batch_id for batch in batches]


def test_small_batches_are_settled_together_in_received_order() -> None:
    batches = [staged(SALES, "UK", 2000, 3), staged(UPLOAD, "IN", SMALL - 2001, 1), staged(UPLOAD, "UK", 1, 2)]
    assert names(next_batches(batches, sales_first=True)) == ["IN-1", "UK-2", "UK-3"]


def test_store_sales_overtake_a_large_file_of_another_region() -> None:
    batches = [staged(UPLOAD, "IN", SMALL, 1), staged(SALES, "UK", 1, 2), staged(SALES, "DE", 1, 3)]
    assert names(next_batches(batches, sales_first=True)) == ["UK-2", "DE-3"]


def test_store_sales_never_overtake_a_batch_of_their_region() -> None:
    batches = [
        staged(SALES, "IN", 1, 1),
        staged(UPLOAD, "IN", SMALL, 2),
        staged(SALES, "IN", 1, 3),
        staged(SALES, "UK", 1, 4),
    ]
    assert names(next_batches(batches, sales_first=True)) == ["IN-1", "UK-4"]


def test_nothing_overtakes_a_replay_whose_original_may_be_of_any_region() -> None:
    batches = [staged(SALES, "UK", 1, 1), staged(REPLAY, "IN", SMALL, 2), staged(SALES, "UK", 1, 3)]
    assert names(next_batches(batches, sales_first=True)) == ["UK-1"]


def test_files_are_next_after_store_sales_had_their_turn() -> None:
    batches = [staged(UPLOAD, "IN", SMALL, 1), staged(SALES, "UK", 1, 2)]
    assert names(next_batches(batches, sales_first=False)) == ["IN-1", "UK-2"]


@pytest.mark.parametrize(("rows", "together"), [((MAX_ROWS - 1, 1, 1), 2), ((MAX_ROWS + 1, 1), 1), ((1, MAX_ROWS), 1)])
def test_a_settlement_has_limited_rows_unless_its_first_batch_has_more(rows: tuple[int, ...], together: int) -> None:
    batches = [staged(UPLOAD, "IN", count, place) for place, count in enumerate(rows)]
    for sales_first in (True, False):
        assert names(next_batches(batches, sales_first=sales_first)) == names(batches[:together])


def test_a_settlement_has_limited_batches() -> None:
    batches = [staged(SALES, "UK", 1, place) for place in range(MAX_BATCHES + 1)]
    assert names(next_batches(batches, sales_first=True)) == names(batches[:-1])


def test_nothing_staged_is_nothing_to_settle() -> None:
    assert next_batches([], sales_first=True) == []


@pytest.mark.parametrize("sales_first", [True, False])
def test_a_batch_left_to_the_job_is_skipped_and_only_sales_of_other_regions_overtake_it(sales_first: bool) -> None:
    batches = [
        staged(UPLOAD, "UK", 1, 1),
        staged(UPLOAD, "IN", 9, 2),
        staged(SALES, "IN", 1, 3),
        staged(UPLOAD, "DE", 1, 4),
        staged(SALES, "UK", 1, 5),
    ]
    left = backlog(batches, ["IN-2"])
    assert names(chosen(batches, left, whole_budget(), sales_first=sales_first)) == ["UK-1"]
    assert names(chosen(batches[1:], left, whole_budget(), sales_first=sales_first)) == ["UK-5"]
    assert chosen(batches[1:3], left, whole_budget(), sales_first=sales_first) == []


def test_sales_of_other_regions_overtake_a_replay_whose_original_is_known() -> None:
    batches = [staged(REPLAY, "IN", SMALL, 1), *(staged(SALES, region, 1, 2) for region in ("IN", "UK", "DE"))]
    facts = backlog(batches, replaced={"IN-1": "UK"})
    assert names(chosen(batches, facts, whole_budget(), sales_first=True)) == ["DE-2"]


@given(
    rows=st.lists(st.integers(0, 9), min_size=1, max_size=30),
    fits=st.integers(0, 9),
    budget=st.builds(SettlementBudget, st.integers(0, 40), st.integers(1, 40)),
)
def test_a_budget_that_is_halved_after_each_refusal_settles_every_batch_once_and_in_order(
    rows: list[int], fits: int, budget: SettlementBudget
) -> None:
    """A settlement is refused if it has more than one batch and more rows than fit."""
    waiting = [staged(UPLOAD, "IN", count, place) for place, count in enumerate(rows)]
    facts, settled, refusals = backlog(waiting), list[str](), 0
    while waiting:
        batches = chosen(waiting, facts, budget, sales_first=False)
        assert batches == waiting[: len(batches)]
        total = sum(facts.rows[batch.batch_id] for batch in batches)
        if len(batches) > 1 and total > fits:
            budget.halve(len(batches), total)
            refusals += 1
            continue
        settled += names(batches)
        waiting = waiting[len(batches) :]
    assert settled == [f"IN-{place}" for place in range(len(rows))]
    assert refusals <= 6
