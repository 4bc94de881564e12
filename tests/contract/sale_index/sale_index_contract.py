"""What every SaleIndex keeps to."""

import threading
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

import pytest
from threads import PATIENCE, join_thread

from tillstream.model.errors import Unavailable
from tillstream.ports import SaleIndex
from tillstream.ports.warehouse import INDEX_INCOMPLETE, PendingDay

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
        return str(error) != INDEX_INCOMPLETE
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

    def test_pending_days_are_those_that_settlements_left(self, index: SaleIndex) -> None:
        assert set(index.pending()) == set()
        first, second = PendingDay(MONDAY, 1, 10), PendingDay(date.min, 1, 10)
        index.note([(1, MONDAY)], 1, [first, second])
        index.note([], 2, [PendingDay(MONDAY, 2, 11)])
        index.note([], 2, [PendingDay(MONDAY, 2, 11)])
        index.note([(2, MONDAY)], 3)
        assert sorted(index.pending()) == [second, first, PendingDay(MONDAY, 2, 11)]
        index.check(3)

    def test_an_index_with_pending_days_is_complete_up_to_their_settlement(self, index: SaleIndex) -> None:
        index.note([], 1, [PendingDay(MONDAY, 1, 1)])
        index.check(1)
        assert not is_complete(index, 2)

    def test_noted_days_are_not_pending_any_more(self, index: SaleIndex) -> None:
        pending = [PendingDay(MONDAY, 1, 1), PendingDay(TUESDAY, 1, 1)]
        index.note([(1, MONDAY)], 1, pending)
        sales = {MONDAY: [1, 2], TUESDAY: [1]}
        noted = index.note_pending(pending, lambda each: [(number, each.day) for number in sales[each.day]])
        assert noted == 2
        assert as_sets(index.days([1, 2, 3])) == {1: {MONDAY, TUESDAY}, 2: {MONDAY}}
        assert set(index.pending()) == set()
        index.check(1)

    def test_a_day_that_another_settlement_leaves_meanwhile_remains_pending(self, index: SaleIndex) -> None:
        early, late = PendingDay(MONDAY, 1, 1), PendingDay(MONDAY, 2, 2)

        def pairs(_: PendingDay) -> Iterator[tuple[int, date]]:
            index.note([], 2, [late])
            yield 1, MONDAY

        index.note([], 1, [early])
        assert index.note_pending([early], pairs) == 1
        assert list(index.pending()) == [late]

    def test_an_interrupted_day_remains_pending_and_is_continued(self, index: SaleIndex) -> None:
        def interrupted(each: PendingDay) -> Iterator[tuple[int, date]]:
            yield 1, each.day
            if each.day == TUESDAY:
                raise ConnectionResetError

        pending = [PendingDay(MONDAY, 1, 1), PendingDay(TUESDAY, 1, 1)]
        index.note([], 1, pending)
        with pytest.raises(ConnectionResetError):
            index.note_pending(pending, interrupted)
        assert list(index.pending()) == pending[1:]
        assert as_sets(index.days([1]))[1] >= {MONDAY}
        index.note_pending(pending[1:], lambda each: [(1, each.day), (2, each.day)])
        assert as_sets(index.days([1, 2])) == {1: {MONDAY, TUESDAY}, 2: {TUESDAY}}
        assert set(index.pending()) == set()

    def test_after_a_rebuild_no_day_is_pending(self, index: SaleIndex) -> None:
        index.note([], 1, [PendingDay(MONDAY, 1, 1)])
        index.rebuild([(1, MONDAY)], 1)
        assert set(index.pending()) == set()

    def test_an_index_can_be_closed_twice(self, index: SaleIndex) -> None:
        index.note([(1, MONDAY)], 1)
        index.close()
        index.close()
