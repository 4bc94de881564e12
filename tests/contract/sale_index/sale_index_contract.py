"""What every SaleIndex keeps to."""

import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

import pytest
from threads import PATIENCE, join_thread

from tillstream.domain.errors import Unavailable
from tillstream.ports import SaleIndex
from tillstream.ports.sale_index import INCOMPLETE

MONDAY, TUESDAY = date(2024, 7, 1), date(2024, 7, 2)
LARGEST = 2**63 - 1


def as_sets(days: Mapping[int, Collection[date]]) -> dict[int, set[date]]:
    """The days of each hash, none of them twice."""
    assert all(len(set(each)) == len(each) for each in days.values())
    return {number: set(each) for number, each in days.items()}


def is_complete(index: SaleIndex, settlement_no: int) -> bool:
    try:
        index.check(settlement_no)
    except Unavailable as error:
        return str(error) != INCOMPLETE
    return True


class SaleIndexContract:
    @pytest.fixture
    def index(self) -> SaleIndex:
        raise NotImplementedError("an adapter's test gives its index")

    def test_a_hash_without_days_is_absent(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY)], 1)
        assert as_sets(index.days([1, 2])) == {1: {MONDAY}}
        assert as_sets(index.days([2])) == {}
        assert as_sets(index.days([])) == {}

    def test_nothing_is_noted_without_pairs(self, index: SaleIndex) -> None:
        index.note([], 1)
        assert as_sets(index.days([0])) == {}

    def test_days_of_several_calls_are_joined(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY), (2, MONDAY)], 1)
        index.note([(1, TUESDAY)], 1)
        assert as_sets(index.days([1, 2])) == {1: {MONDAY, TUESDAY}, 2: {MONDAY}}

    def test_days_of_one_call_are_joined(self, index: SaleIndex) -> None:
        index.note([(1, TUESDAY), (2, MONDAY), (1, MONDAY)], 1)
        assert as_sets(index.days([1, 2])) == {1: {MONDAY, TUESDAY}, 2: {MONDAY}}

    def test_the_same_pair_twice_is_one(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY), (1, MONDAY)], 1)
        index.note([(1, MONDAY)], 1)
        assert as_sets(index.days([1, 1])) == {1: {MONDAY}}

    def test_days_can_be_far_apart(self, index: SaleIndex) -> None:
        days = {date(1969, 12, 31), date(1970, 1, 1), date(2099, 12, 31), date.min, date.max}
        index.note([(1, day) for day in days], 1)
        assert as_sets(index.days([1])) == {1: days}

    @pytest.mark.parametrize("number", [0, 1, 2**53 + 1, LARGEST])
    def test_a_hash_is_any_number_of_63_bits(self, index: SaleIndex, number: int) -> None:
        index.note([(number, MONDAY)], 1)
        assert as_sets(index.days([0, 1, 2**53, 2**53 + 1, LARGEST])) == {number: {MONDAY}}

    def test_thousands_of_pairs_in_one_call(self, index: SaleIndex) -> None:
        pairs = [(n * (LARGEST // 3_000), MONDAY + timedelta(n % 400)) for n in range(3_000)]
        index.note(pairs, 1)
        assert as_sets(index.days([number for number, _ in pairs])) == {number: {day} for number, day in pairs}

    def test_threads_that_note_a_hash_at_once_all_succeed(self, index: SaleIndex) -> None:
        start = threading.Barrier(4)

        def note(mine: int) -> None:
            start.wait(PATIENCE)
            for n in range(5):
                index.note([(7, MONDAY + timedelta(10 * mine + n)), (8, MONDAY), (9 + mine, MONDAY)], 1)

        threads = [threading.Thread(target=note, args=(mine,), daemon=True) for mine in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            join_thread(thread)
        assert as_sets(index.days(range(7, 13))) == {
            7: {MONDAY + timedelta(10 * mine + n) for mine in range(4) for n in range(5)},
            8: {MONDAY},
            **{9 + mine: {MONDAY} for mine in range(4)},
        }

    def test_a_rebuild_of_an_empty_index_notes_its_pairs(self, index: SaleIndex) -> None:
        index.rebuild(iter([(1, MONDAY), (2, MONDAY), (1, TUESDAY)]), 1)
        assert as_sets(index.days([1, 2, 3])) == {1: {MONDAY, TUESDAY}, 2: {MONDAY}}

    def test_a_rebuild_keeps_the_hashes_of_its_pairs_and_removes_the_others(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY), (2, MONDAY), (3, MONDAY), (4, MONDAY)], 1)
        index.rebuild(iter([(2, TUESDAY), (3, MONDAY), (5, TUESDAY)]), 1)
        days = as_sets(index.days(range(10)))
        assert days.keys() == {2, 3, 5}
        assert TUESDAY in days[2]
        assert (days[3], days[5]) == ({MONDAY}, {TUESDAY})

    def test_a_repeated_rebuild_changes_nothing(self, index: SaleIndex) -> None:
        pairs = [(1, MONDAY), (2, MONDAY), (1, TUESDAY)]
        for _ in range(3):
            index.rebuild(iter(pairs), 1)
            assert as_sets(index.days(range(10))) == {1: {MONDAY, TUESDAY}, 2: {MONDAY}}

    def test_a_rebuild_from_nothing_empties_the_index(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY), (2, MONDAY)], 1)
        index.rebuild(iter([]), 1)
        assert as_sets(index.days([1, 2])) == {}
        index.note([(1, TUESDAY)], 1)
        assert as_sets(index.days([1, 2])) == {1: {TUESDAY}}

    def test_an_interrupted_rebuild_removes_nothing_and_the_next_one_completes_it(self, index: SaleIndex) -> None:
        def interrupted() -> Iterator[tuple[int, date]]:
            yield 2, MONDAY
            raise ConnectionResetError

        index.note([(1, MONDAY)], 1)
        with pytest.raises(ConnectionResetError):
            index.rebuild(interrupted(), 1)
        assert as_sets(index.days([1])) == {1: {MONDAY}}
        index.rebuild(iter([(2, MONDAY), (3, MONDAY)]), 1)
        assert as_sets(index.days(range(10))) == {2: {MONDAY}, 3: {MONDAY}}

    def test_a_new_index_is_complete_only_for_a_ledger_without_settlements(self, index: SaleIndex) -> None:
        index.check(0)
        assert not is_complete(index, 1)

    def test_an_index_is_complete_up_to_the_last_settlement_that_noted_its_days(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY)], 2)
        index.note([], 3)
        index.note([(2, MONDAY)], 2)  # one that another settlement overtook
        index.check(3)
        assert not is_complete(index, 4)

    def test_an_invalid_index_is_complete_again_after_a_whole_rebuild(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY)], 7)
        for _ in range(2):
            index.invalidate()
            index.note([(2, MONDAY)], 8)
            assert not is_complete(index, 0)
        index.rebuild([(3, MONDAY)], 5)
        index.check(5)
        assert not is_complete(index, 6)

    def test_an_interrupted_rebuild_leaves_the_index_invalid(self, index: SaleIndex) -> None:
        def interrupted() -> Iterator[tuple[int, date]]:
            yield 2, MONDAY
            raise ConnectionResetError

        index.note([(1, MONDAY)], 1)
        with pytest.raises(ConnectionResetError):
            index.rebuild(interrupted(), 1)
        assert not is_complete(index, 0)

    def test_an_index_can_be_closed_twice(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY)], 1)
        index.close()
        index.close()
