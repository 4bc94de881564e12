"""The day close: how many sales a till recorded for a business day, their total and their numbers."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from store_server import SOLD_ON, Store, StoreServer, sale

from tillstream_till import Till
from tillstream_till.day_close import ranges
from tillstream_till.errors import CannotClose
from tillstream_till.sale_facts import business_day, facts_of
from tillstream_till.setup_code import encode


def closed(till: Till, store: Store, day: str = SOLD_ON) -> dict[str, Any]:
    till.close_day(day)
    till.send()
    return store.closes[-1]


def test_a_day_close_counts_the_latest_versions_without_cancelled_sales(till: Till, store: Store) -> None:
    till.record_all(sale(number, "10.10") for number in range(1001, 1006))
    till.record(sale(1002, "20.25", version=2))
    till.record(sale(1003, version=2, status="cancelled"))
    till.record(sale("R-7", "-3.00", currency="EUR"))
    till.record(sale(1, sold_at=f"{date.fromisoformat(SOLD_ON) + timedelta(days=1)}T00:00:00+00:00"))
    close = closed(till, store)
    assert close | {"closed_at": ""} == {
        "schema": "day-close/1",
        "region": "UK",
        "store_id": "LON1",
        "till_id": "T1",
        "date": SOLD_ON,
        "closed_at": "",
        "sales": 5,
        "totals": [{"currency": "EUR", "net": "-3.00"}, {"currency": "GBP", "net": "50.55"}],
        "numbers": ["1001-1005", "R-7"],
    }
    assert datetime.fromisoformat(close["closed_at"]).tzinfo


def test_the_day_is_that_of_the_offset_and_the_cutoff(server: StoreServer, folder: Path, markers: Path) -> None:
    with Till.init(folder, encode(replace(server.setup(), cutoff="04:00"))) as till:
        till.record(sale(1, sold_at="2026-11-21T03:59:00+05:30"))
        till.record(sale(2, sold_at="2026-11-21T04:00:00+05:30"))
        assert closed(till, server.store, "2026-11-20")["numbers"] == ["1"]


def test_a_close_without_a_date_is_of_the_business_day_that_contains_now(
    server: StoreServer, folder: Path, markers: Path
) -> None:
    with Till.init(folder, encode(replace(server.setup(), cutoff="23:59"))) as till:
        before = datetime.now().astimezone()
        closed(till, server.store, "")
        after = datetime.now().astimezone()
    expected = {(at - timedelta(hours=23, minutes=59)).date().isoformat() for at in (before, after)}
    assert server.store.closes[-1]["date"] in expected


def test_at_night_the_business_day_is_that_of_the_evening() -> None:
    assert business_day(datetime.fromisoformat("2026-11-21T00:39:00+05:30"), "04:00") == "2026-11-20"
    assert business_day(datetime.fromisoformat("2026-11-21T04:00:00+05:30"), "04:00") == "2026-11-21"


def test_a_day_in_the_future_cannot_be_closed(till: Till) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(hours=14)).date()
    till.close_day(tomorrow.isoformat())
    for day in (tomorrow + timedelta(days=1), date(9999, 12, 31)):
        with pytest.raises(CannotClose, match="is in the future"):
            till.close_day(day.isoformat())


def test_amounts_are_those_of_the_ledger() -> None:
    lines = [{"quantity": "3", "unit_price": "0.3333333335", "discount": "0.1"}, {"net_amount": "1"}]
    assert facts_of(sale(1, lines=lines), "00:00").net == "1.900000001"


def test_a_repeated_close_changes_nothing_and_a_late_sale_needs_another(till: Till, store: Store) -> None:
    till.record(sale(1))
    assert not till.close_day(SOLD_ON).repeated
    assert till.close_day(SOLD_ON).repeated
    assert till.status(refresh=False)["days_to_close_again"] == []
    till.record(sale(2))
    assert till.status(refresh=False)["days_to_close_again"] == [SOLD_ON]
    assert closed(till, store)["sales"] == 2
    assert [close["sales"] for close in store.closes] == [1, 2]


def test_a_day_without_sales_can_be_closed(till: Till, store: Store) -> None:
    assert closed(till, store, "2025-12-25") | {"closed_at": ""} == {
        **closed(till, store, "2025-12-25"), "closed_at": "", "sales": 0, "totals": [], "numbers": [],
    }  # fmt: skip


def test_facts_outlive_the_messages(till: Till, store: Store, folder: Path) -> None:
    setup = json.loads((folder / "till.json").read_text())
    setup["options"]["keep_days"] = -1
    (folder / "till.json").write_text(json.dumps(setup))
    with Till.open(folder) as short:
        short.record(sale(1))
        short.send()
        assert short.record(sale(1)).repeated is False
        assert closed(short, store)["sales"] == 1
    assert list(store.sales) == ["1"]


def test_a_day_must_be_a_date(till: Till) -> None:
    with pytest.raises(CannotClose, match="is not a date"):
        till.close_day("yesterday")


def expand(parts: list[str]) -> list[str]:
    """Every number of the ranges."""
    numbers: list[str] = []
    for part in parts:
        first, _, last = part.partition("-")
        if part.startswith("="):
            numbers.append(part[1:])
        elif first.isascii() and first.isdigit() and last.isascii() and last.isdigit():
            numbers += [str(number).zfill(len(first)) for number in range(int(first), int(last) + 1)]
        else:
            numbers.append(part)
    return numbers


@given(
    st.sets(
        st.integers(0, 30).map(str)
        | st.sampled_from(["007", "008", "R-7", "7-9", "=1", "٣", "-", "9" * 19, "1" + "0" * 19])
    )
)
def test_ranges_expand_to_exactly_the_numbers(numbers: set[str]) -> None:
    assert sorted(expand(ranges(numbers))) == sorted(numbers)


def test_ranges_are_compact() -> None:
    assert ranges(map(str, range(1001, 1351))) == ["1001-1350"]
    assert ranges(["9", "10", "11", "009", "010"]) == ["9", "10-11", "009-010"]


def test_a_day_close_that_the_server_would_refuse_is_not_recorded(till: Till, store: Store) -> None:
    till.record_all(sale(f"{'R' * 58}{number:05}") for number in range(4200))
    with pytest.raises(CannotClose, match="4,200 sale numbers"):
        till.close_day(SOLD_ON)
    till.send()
    assert (len(store.sales), store.closes) == (4200, [])
