"""Further messages about a sale are held for a moment, each sale once in what is taken."""

from datetime import UTC, datetime, timedelta

import pytest

from tillstream.intake.store_sales import (
    MAX_HELD_MESSAGES,
    MAX_REPEAT_HOLD,
    MIN_PULL_TO_HOLD,
    REPEAT_HOLD,
    RepeatedSales,
)
from tillstream.ports.bus import Delivery, Message

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
MOMENT = timedelta(milliseconds=1)


def message(sale: str, sequence: int) -> Delivery:
    return Delivery(
        id=f"{sale}-{sequence}",
        subscription="receive",
        topic="store-sales",
        message=Message(sale.encode()),
        published_at=NOW,
        sequence=sequence,
        attempt=1,
        lease="",
        expires_at=NOW + timedelta(minutes=1),
    )


def sale_of(delivery: Delivery) -> tuple[str, str]:
    return "UK", delivery.message.body.decode()


def hold(repeated: RepeatedSales, *sales: str, first: int = 0, now: datetime = NOW) -> list[str]:
    deliveries = [message(sale, sequence) for sequence, sale in enumerate(sales, first)]
    return [each.id for each in repeated.hold_repeated(deliveries, now, sale_of)]


def taken(repeated: RepeatedSales, now: datetime, pulled: int = MIN_PULL_TO_HOLD) -> list[str]:
    return [each.id for each in repeated.take_due(now, pulled)]


def test_the_first_message_about_a_sale_is_not_held() -> None:
    repeated = RepeatedSales()

    assert hold(repeated, "a", "b", "a") == ["a-0", "b-1"]
    assert taken(repeated, NOW) == []
    assert taken(repeated, NOW + REPEAT_HOLD) == ["a-2"]
    assert taken(repeated, NOW + 2 * REPEAT_HOLD) == []


def test_each_sale_is_taken_once_at_a_time_in_the_order_of_its_messages() -> None:
    repeated = RepeatedSales()
    hold(repeated, "a", "b", "a", "a", "b", "a")

    assert taken(repeated, NOW + REPEAT_HOLD) == ["a-2", "b-4"]
    assert taken(repeated, NOW + 2 * REPEAT_HOLD - MOMENT) == []
    assert taken(repeated, NOW + 2 * REPEAT_HOLD) == ["a-3"]
    assert taken(repeated, NOW + 3 * REPEAT_HOLD) == ["a-5"]


@pytest.mark.parametrize("pulled", [0, MIN_PULL_TO_HOLD - 1])
def test_nothing_is_held_while_few_messages_arrive(pulled: int) -> None:
    repeated = RepeatedSales()
    hold(repeated, "a", "a", "a")

    assert taken(repeated, NOW, pulled) == ["a-1", "a-2"]
    assert repeated.patience(NOW, 1.0) == 1.0


def test_old_messages_are_taken_with_all_others() -> None:
    repeated = RepeatedSales()
    hold(repeated, "a", "a", "a")
    hold(repeated, "b", "b", first=3, now=NOW + MAX_REPEAT_HOLD - MOMENT)

    assert taken(repeated, NOW + MAX_REPEAT_HOLD) == ["a-1", "a-2", "b-4"]


def test_many_messages_are_taken_at_once() -> None:
    repeated = RepeatedSales()
    hold(repeated, *["a"] * (MAX_HELD_MESSAGES + 1))

    assert len(taken(repeated, NOW)) == MAX_HELD_MESSAGES


def test_a_message_without_a_readable_sale_is_never_held() -> None:
    assert hold(RepeatedSales(), "", "") == ["-0", "-1"]


@pytest.mark.parametrize(
    ("after", "patience"), [(timedelta(0), 1.0), (REPEAT_HOLD - MOMENT, 0.001), (2 * REPEAT_HOLD, 0.0)]
)
def test_waiting_ends_when_held_messages_are_due(after: timedelta, patience: float) -> None:
    repeated = RepeatedSales()
    hold(repeated, "a", "a")

    assert repeated.patience(NOW + after, 1.0) == pytest.approx(patience)


def test_the_oldest_sales_are_forgotten() -> None:
    repeated = RepeatedSales(recent=2)
    for number in range(5):
        hold(repeated, str(number))

    assert hold(repeated, *map(str, range(5))) == ["0-0", "1-1"]
