"""Which days are complete: what is expected, when it is late, what waits, and how far a region has reported."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tillstream.analytics.completeness import CalendarRow, DayState, DeliveryFacts, delivery_calendar
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.contract_schedule import AppliedExpectation, Schedule

JUNE = date(2026, 6, 1)
NOW = datetime(2026, 6, 5, 15, 0, tzinfo=UTC)


def contract(stores: tuple[str, ...] = (), **schedule: Any) -> Contract:
    return parse_contract(
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
    """A delivered day of June; received in the evening by default."""
    received = at or datetime(2026, 6, day, 18, 0, tzinfo=UTC)
    row = {"region": "IN", "contract": "IN", "source": "file", "store_id": store, "sale_date": date(2026, 6, day)}
    return row | {"lines": lines, "mismatched_lines": 0, "first_received_seq": int(received.timestamp() * 1e6)} | other


def row(rules: Contract, facts: DeliveryFacts, last: int = 6, now: datetime = NOW) -> CalendarRow:
    (calendar_row,) = delivery_calendar([rules], facts, JUNE, date(2026, 6, last), now)
    return calendar_row


def states(calendar_row: CalendarRow) -> list[str]:
    return [cell.state.value for cell in calendar_row.cells]


def test_a_day_whose_deadline_passed_without_its_file_is_missing() -> None:
    calendar_row = row(contract(cadence="daily"), DeliveryFacts([came(1), came(2)]))
    assert states(calendar_row) == ["arrived", "arrived", "missing", "missing", "due", "due"]
    assert calendar_row.cells[2].missing_of == ("IN",)
    assert calendar_row.cells[2].due == datetime(2026, 6, 4, 6, 30, tzinfo=UTC), "noon in Kolkata"


def test_a_file_after_its_deadline_came_late() -> None:
    late = came(1, at=datetime(2026, 6, 2, 6, 31, tzinfo=UTC))
    assert states(row(contract(cadence="daily"), DeliveryFacts([late]), last=1)) == ["late"]


def test_without_a_cadence_nothing_is_missing_and_nothing_is_complete() -> None:
    calendar_row = row(contract(), DeliveryFacts([came(2)]))
    assert states(calendar_row) == ["nothing", "arrived", "nothing", "nothing", "nothing", "nothing"]
    assert calendar_row.watermark is None


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        ({"held": {"IN": [("S1", JUNE)]}}, DayState.HELD),
        ({"refused": [{"region": "IN", "store_id": "S1", "sale_date": JUNE, "row_count": 2}]}, DayState.REFUSED),
        ({"delivered": [came(1, mismatched_lines=1)]}, DayState.MISMATCH),
    ],
)
def test_what_waits_of_a_day_goes_before_that_it_arrived(facts: Mapping[str, Any], state: DayState) -> None:
    calendar_row = row(contract(cadence="daily"), DeliveryFacts(**{"delivered": [came(1)], **facts}), last=1)
    assert calendar_row.cells[0].state is state
    assert calendar_row.stores[0].cells[0].state is state


def test_a_held_file_is_not_missing() -> None:
    facts = DeliveryFacts([came(1)], held={"IN": [("S1", date(2026, 6, 2))]})
    assert states(row(contract(cadence="daily"), facts, last=2)) == ["arrived", "held"]


def test_a_listed_store_without_lines_in_the_file_is_missing_in_its_region() -> None:
    calendar_row = row(
        contract(("S1", "S2"), cadence="daily"), DeliveryFacts([came(1), came(1, "S2"), came(2)]), last=2
    )
    assert [one.store for one in calendar_row.stores] == ["S1", "S2"]
    assert states(calendar_row.stores[1]) == ["arrived", "missing"]
    assert states(calendar_row) == ["arrived", "missing"]
    assert calendar_row.cells[1].silent_stores == ("S2",)


def test_closed_weekdays_and_days_before_the_first_expect_nothing() -> None:
    rules = contract(cadence="daily", closed=["wednesday"], since="2026-06-02")
    assert states(row(rules, DeliveryFacts([came(2)]), last=4)) == ["nothing", "arrived", "nothing", "missing"]


def test_a_weekly_file_covers_its_week() -> None:
    rules = contract(cadence="weekly", deadline_days=2)
    calendar_row = row(rules, DeliveryFacts([came(3)]), last=14, now=datetime(2026, 6, 17, 12, tzinfo=UTC))
    assert states(calendar_row) == ["quiet", "quiet", "arrived"] + ["quiet"] * 4 + ["missing"] * 7
    assert calendar_row.watermark == date(2026, 6, 7)


def test_the_watermark_is_the_last_day_before_the_first_gap_or_hold() -> None:
    rules = contract(cadence="daily")
    delivered = [came(1), came(2), came(4)]
    assert row(rules, DeliveryFacts(delivered)).watermark == date(2026, 6, 2)
    assert row(rules, DeliveryFacts([*delivered, came(3)])).watermark == date(2026, 6, 4)
    held = {"IN": [("S1", date(2026, 6, 2))]}
    assert row(rules, DeliveryFacts([*delivered, came(3)], held=held)).watermark == date(2026, 6, 1)


def recorded(*days: int, cadence: str = "daily", closed: tuple[str, ...] = ()) -> Contract:
    """A source of which a person recorded that nothing was sold on some days of June."""
    days_of_june = tuple(date(2026, 6, day) for day in days)
    schedule = AppliedExpectation.model_validate({"cadence": cadence, "closed": closed, "nothing_sold": days_of_june})
    return contract().model_copy(update={"schedule": schedule})


def test_the_watermark_moves_through_the_days_on_which_nothing_was_sold() -> None:
    delivered = DeliveryFacts([came(1), came(2)])
    assert row(recorded(3), delivered).watermark == date(2026, 6, 3)
    assert row(recorded(3, 4), delivered).watermark == date(2026, 6, 4)
    assert row(recorded(4), delivered).watermark == date(2026, 6, 2), "the file of 3 June is missing"
    assert row(recorded(4, closed=("wednesday",)), delivered).watermark == date(2026, 6, 4), "3 June is closed"
    assert row(recorded(5, 6), DeliveryFacts([came(1), came(2), came(3), came(4)])).watermark == date(2026, 6, 5)
    assert row(recorded(3, cadence="weekly"), delivered).watermark is None


def test_a_held_file_stops_the_watermark_also_on_a_day_without_an_expected_file() -> None:
    held = {"IN": [("S1", date(2026, 6, 2))]}
    assert row(recorded(2), DeliveryFacts([came(1), came(3)], held=held)).watermark == date(2026, 6, 1)
    closed_day = contract(cadence="daily", closed=["tuesday"])
    assert row(closed_day, DeliveryFacts([came(1), came(3)], held=held)).watermark == date(2026, 6, 1)


def test_sales_of_tills_are_no_file() -> None:
    calendar_row = row(contract(cadence="daily", since="2026-06-01"), DeliveryFacts([came(1, source="till")]), last=1)
    assert states(calendar_row) == ["missing"]
    assert calendar_row.cells[0].lines == 3


def test_the_period_of_a_month_ends_with_it() -> None:
    monthly = Schedule(cadence="monthly")
    assert monthly.period(date(2024, 2, 10)) == (date(2024, 2, 1), date(2024, 2, 29))
    assert list(monthly.periods(date(2025, 12, 5), date(2026, 1, 1))) == [
        (date(2025, 12, 1), date(2025, 12, 31)),
        (date(2026, 1, 1), date(2026, 1, 31)),
    ]
    assert monthly.due(date(2026, 6, 5), "UTC") - datetime(2026, 6, 30, tzinfo=UTC) == timedelta(days=1, hours=12)


def closed(*days: tuple[int, bool], store: str = "S1") -> dict[tuple[str, str], dict[date, bool]]:
    return {("IN", store): {date(2026, 6, day): is_closed for day, is_closed in days}}


def test_a_store_whose_tills_close_their_days_is_complete_until_the_first_difference() -> None:
    facts = DeliveryFacts([came(1), came(2), came(3)], closes=closed((1, True), (2, True), (3, False), (4, True)))
    calendar_row = row(contract(), facts, last=4)
    (store,) = calendar_row.stores
    assert states(store) == ["arrived", "arrived", "mismatch", "arrived"]
    assert (store.watermark, calendar_row.watermark) == (date(2026, 6, 2), date(2026, 6, 2))
    assert states(calendar_row)[2] == "mismatch"


def test_a_region_of_tills_is_complete_until_the_last_day_that_all_its_stores_closed() -> None:
    closes = closed((1, True), (2, True)) | closed((1, True), store="S2")
    assert row(contract(), DeliveryFacts([], closes=closes)).watermark == date(2026, 6, 1)
    closes |= closed((1, False), store="S2")
    assert row(contract(), DeliveryFacts([], closes=closes)).watermark is None


def test_a_day_close_does_not_hide_that_a_file_is_missing() -> None:
    facts = DeliveryFacts([came(1)], closes=closed((1, True), (2, False)))
    assert states(row(contract(("S1",), cadence="daily"), facts, last=2).stores[0]) == ["arrived", "missing"]
