"""Micro-batches are settled in few waves; those that share a sale keep their order."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from tillstream.ledger.settling import split_on_shared_sales


@dataclass(frozen=True)
class Batch:
    batch_id: str
    sales: frozenset[str]
    kind: str = "messages"


def batches(*sales: str) -> list[Batch]:
    return [Batch(str(number), frozenset(text)) for number, text in enumerate(sales)]


def split(several: list[Batch]) -> list[list[str]]:
    return [[batch.batch_id for batch in wave] for wave in split_on_shared_sales(several, lambda batch: batch.sales)]


def test_batches_without_a_shared_sale_are_one_wave() -> None:
    assert split(batches("ab", "cd", "", "e")) == [["0", "1", "2", "3"]]


def test_repeats_that_follow_each_of_several_batches_are_one_more_wave() -> None:
    assert split(batches("abc", "b", "def", "f", "ghi", "g")) == [["0", "2", "4"], ["1", "3", "5"]]


def test_a_batch_follows_the_latest_wave_of_all_that_it_shares_sales_with() -> None:
    assert split(batches("a", "a", "b", "ab")) == [["0", "2"], ["1"], ["3"]]


@given(st.lists(st.frozensets(st.sampled_from("abcdefgh"), max_size=4), max_size=12))
def test_batches_that_share_a_sale_keep_their_order_in_waves_of_their_own(sales: list[frozenset[str]]) -> None:
    several = [Batch(str(number), names) for number, names in enumerate(sales)]
    waves = split_on_shared_sales(several, lambda batch: batch.sales)
    place = {batch.batch_id: number for number, wave in enumerate(waves) for batch in wave}

    assert sorted(place, key=int) == [batch.batch_id for batch in several]
    for number, batch in enumerate(several):
        for earlier in several[:number]:
            assert not batch.sales & earlier.sales or place[earlier.batch_id] < place[batch.batch_id]
    deepest = max((sum(name in names for names in sales) for name in "abcdefgh"), default=0)
    assert len(waves) >= min(deepest, len(several))
