"""Which days are complete: what is expected, when it is late, what waits, and how far a region has reported."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tillstream.analytics.completeness import Row, State, delivery_calendar
from tillstream.analytics.deliveries import DeliveryFacts
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.contract.schedule import Schedule

JUNE = date(2026, 6, 1)
NOW = datetime(2026, 6, 5, 15, 0, tzinfo=UTC)


def contract(stores: tuple[str, ...] = (), **schedule: Any) -> Contract:
    return parse(
        {
            "name": "IN",
            "region": "IN",
            "currency": "INR",
            "columns": {"sale_id": "No", "date": "Day", "store_id": "Store", "net_amount": "Net"},
            "dates": {"formats": ["%Y-%m-%d"], "time_zone": "Asia/Kolkata"},
            "stores": list(stores),
            "schedule": schedule,
        }
    )


def came(day: int, store: str = "S1", lines: int = 3, at: datetime | None = None, **other: Any) -> dict[str, Any]:
    """A day of June that a file told; received in the evening unless said otherwise."""
    received = at or datetime(2026, 6, day, 18, 0, tzinfo=UTC)
    row = {"region": "IN", "contract": "IN", "source": "file", "store_id": store, "sale_date": date(2026, 6, day)}
    return row | {"lines": lines, "mismatched_lines": 0, "first_received_seq": int(received.timestamp() * 1e6)} | other


def row(given: Contract, told: DeliveryFacts, last: int = 6, now: datetime = NOW) -> Row:
    (found,) = delivery_calendar([given], told, JUNE, date(2026, 6, last), now)
    return found


def states(given: Row) -> list[str]:
    return [cell.state.value for cell in given.cells]


def test_a_day_whose_deadline_passed_without_its_file_is_missing() -> None:
    found = row(contract(cadence="daily"), DeliveryFacts([came(1), came(2)]))
    assert states(found) == ["arrived", "arrived", "missing", "missing", "due", "due"]
    assert found.cells[2].missing_of == ("IN",)
    assert found.cells[2].due == datetime(2026, 6, 4, 6, 30, tzinfo=UTC), "noon in Kolkata"


def test_a_file_after_its_deadline_came_late() -> None:
    late = came(1, at=datetime(2026, 6, 2, 6, 31, tzinfo=UTC))
    assert states(row(contract(cadence="daily"), DeliveryFacts([late]), last=1)) == ["late"]


def test_without_a_cadence_nothing_is_missing_and_nothing_is_complete() -> None:
    found = row(contract(), DeliveryFacts([came(2)]))
    assert states(found) == ["nothing", "arrived", "nothing", "nothing", "nothing", "nothing"]
    assert found.watermark is None


@pytest.mark.parametrize(
    ("told", "state"),
    [
        ({"held": {"IN": [("S1", JUNE)]}}, State.HELD),
        ({"refused": [{"region": "IN", "store_id": "S1", "sale_date": JUNE, "row_count": 2}]}, State.REFUSED),
        ({"delivered": [came(1, mismatched_lines=1)]}, State.MISMATCH),
    ],
)
def test_what_waits_of_a_day_goes_before_that_it_arrived(told: Mapping[str, Any], state: State) -> None:
    found = row(contract(cadence="daily"), DeliveryFacts(**{"delivered": [came(1)], **told}), last=1)
    assert found.cells[0].state is state
    assert found.stores[0].cells[0].state is state


def test_a_held_file_is_not_missing() -> None:
    told = DeliveryFacts([came(1)], held={"IN": [("S1", date(2026, 6, 2))]})
    assert states(row(contract(cadence="daily"), told, last=2)) == ["arrived", "held"]


def test_a_listed_store_that_the_file_does_not_tell_is_missing_in_its_region() -> None:
    found = row(contract(("S1", "S2"), cadence="daily"), DeliveryFacts([came(1), came(1, "S2"), came(2)]), last=2)
    assert [one.store for one in found.stores] == ["S1", "S2"]
    assert states(found.stores[1]) == ["arrived", "missing"]
    assert states(found) == ["arrived", "missing"]
    assert found.cells[1].silent_stores == ("S2",)


def test_closed_weekdays_and_days_before_the_first_expect_nothing() -> None:
    given = contract(cadence="daily", closed=["wednesday"], since="2026-06-02")
    assert states(row(given, DeliveryFacts([came(2)]), last=4)) == ["nothing", "arrived", "nothing", "missing"]


def test_a_weekly_file_tells_its_whole_week() -> None:
    given = contract(cadence="weekly", deadline_days=2)
    found = row(given, DeliveryFacts([came(3)]), last=14, now=datetime(2026, 6, 17, 12, tzinfo=UTC))
    assert states(found) == ["quiet", "quiet", "arrived"] + ["quiet"] * 4 + ["missing"] * 7
    assert found.watermark == date(2026, 6, 7)


def test_the_watermark_is_the_last_day_before_the_first_gap_or_hold() -> None:
    given = contract(cadence="daily")
    told = [came(1), came(2), came(4)]
    assert row(given, DeliveryFacts(told)).watermark == date(2026, 6, 2)
    assert row(given, DeliveryFacts([*told, came(3)])).watermark == date(2026, 6, 4)
    held = {"IN": [("S1", date(2026, 6, 2))]}
    assert row(given, DeliveryFacts([*told, came(3)], held=held)).watermark == date(2026, 6, 1)


def test_sales_of_tills_are_no_file() -> None:
    found = row(contract(cadence="daily", since="2026-06-01"), DeliveryFacts([came(1, source="till")]), last=1)
    assert states(found) == ["missing"]
    assert found.cells[0].lines == 3


def test_the_period_of_a_month_ends_with_it() -> None:
    monthly = Schedule(cadence="monthly")
    assert monthly.period(date(2024, 2, 10)) == (date(2024, 2, 1), date(2024, 2, 29))
    assert list(monthly.periods(date(2025, 12, 5), date(2026, 1, 1))) == [
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
    ]
    assert monthly.due(date(2026, 6, 5), "UTC") - datetime(2026, 6, 30, tzinfo=UTC) == timedelta(days=1, hours=12)
