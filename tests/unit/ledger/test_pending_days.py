"""A settlement with more new sales than it can note leaves few days pending."""

from datetime import date, timedelta

from tillstream.ledger.ledger_slice import MAX_PENDING_DAYS, choose_pending_days

FIRST = date(2024, 7, 1)
DAYS = [FIRST + timedelta(n) for n in range(40)]


def pairs(counts: dict[date, int]) -> list[tuple[int, date]]:
    return [(number, day) for day, count in counts.items() for number in range(count)]


def test_no_day_is_left_pending_while_the_pairs_are_few() -> None:
    assert choose_pending_days(pairs({DAYS[0]: 5, DAYS[1]: 5}), 10, []) == set()
    assert choose_pending_days([], 0, DAYS) == set()


def test_as_few_days_as_possible_are_left_pending() -> None:
    assert choose_pending_days(pairs({DAYS[0]: 3, DAYS[1]: 8, DAYS[2]: 5}), 8, []) == {DAYS[1]}
    assert choose_pending_days(pairs({DAYS[0]: 3, DAYS[1]: 8, DAYS[2]: 5}), 7, []) == {DAYS[1], DAYS[2]}


def test_no_more_days_are_pending_at_a_time_than_allowed() -> None:
    many = pairs(dict.fromkeys(DAYS, 2))
    assert choose_pending_days(many, 0, []) == set(DAYS[:MAX_PENDING_DAYS])
    assert choose_pending_days(many, 0, DAYS[5:35]) == {DAYS[0], *DAYS[5:35]}
    assert choose_pending_days(many, 0, [FIRST - timedelta(n) for n in range(1, MAX_PENDING_DAYS + 1)]) == set()
