"""Swapped days and months are detected from the sale numbers, without false alarms."""

from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from source_tables import contract, source_table

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.contract import Contract
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.pipeline.validating.spreadsheet_swaps import flag_swapped_dates
from tillstream.samples.sample_files import files_of_regions

RULES = contract({"store_id": "Store"}, dates={"formats": ["%d.%m.%Y"]})

RULES_OF_ONE = contract(dates={"formats": ["%d.%m.%Y"]})


def turned(day: date) -> date:
    return day.replace(month=day.day, day=day.month) if day.day <= 12 else day


def flagged_rows(days: list[date], numbers: list[str] | None = None, stores: list[str] | None = None) -> list[int]:
    """The flagged rows, for days in the order of the file."""
    numbers = numbers or [f"S-{1000 + row}" for row in range(len(days))]
    source = source_table(Date=[f"{day:%d.%m.%Y}" for day in days], No=numbers, Store=stores or ["A"] * len(days))
    table, issues = normalise(source, RULES)
    flag_swapped_dates(table, issues)
    return [row["index"] for row in issues.table().to_pylist() if row["code"] == "day-month-swapped"]


def year(first: date = date(2025, 3, 1), days: int = 300, sales: int = 3) -> list[date]:
    return [first + timedelta(days=row // sales) for row in range(days * sales)]


def test_one_swapped_date_is_a_warning_with_the_date_that_fits() -> None:
    days = year()
    row = next(i for i, day in enumerate(days) if day == date(2025, 9, 4))
    days[row] = date(2025, 4, 9)
    assert flagged_rows(days) == [row]
    source = source_table(
        Date=[f"{day:%d.%m.%Y}" for day in days], No=[str(n) for n in range(len(days))], Store=["A"] * len(days)
    )
    table, issues = normalise(source, RULES)
    flag_swapped_dates(table, issues)
    (find,) = issues.table().to_pylist()
    assert (find["value"], find["detail"]) == ("2025-04-09", "2025-09-04")


@pytest.mark.parametrize("sales", [1, 3, 40])
@pytest.mark.parametrize(("first", "days"), [(date(2025, 3, 1), 300), (date(2025, 5, 1), 31), (date(2025, 12, 1), 31)])
def test_every_swapped_date_is_a_warning(first: date, days: int, sales: int) -> None:
    right = year(first, days, sales)
    expected = [row for row, day in enumerate(right) if turned(day) != day]
    flagged = flagged_rows([turned(day) for day in right])
    assert set(flagged) <= set(expected)
    assert len(flagged) >= 0.9 * len(expected)


def test_days_that_leap_beside_numbers_without_digits_prove_nothing() -> None:
    days = year()
    days[20] = days[20].replace(month=days[20].month + 1)
    assert flagged_rows(days, numbers=["none"] * len(days)) == []


@pytest.mark.parametrize("seed", range(5))
def test_stores_with_their_own_numbers_are_checked_separately(seed: int) -> None:
    rng = Random(seed)
    days = year(sales=6)
    stores = [rng.choice("ABC") for _ in days]
    counts = dict.fromkeys("ABC", 0)
    numbers = []
    for store in stores:
        counts[store] += 1
        numbers.append(f"{counts[store]:05}")
    row = next(i for i, day in enumerate(days) if day == date(2025, 6, 7))
    days[row] = date(2025, 7, 6)
    assert flagged_rows(days, numbers, stores) == [row]


def test_consecutive_stores_are_checked_and_rows_without_a_date_are_ignored() -> None:
    days = year(sales=2)
    numbers = [f"{row:05}" for row in range(len(days))]
    stores = ["A"] * len(days) + ["B"] * len(days)
    assert flagged_rows(days * 2, numbers * 2, stores) == []
    row = len(days) + next(i for i, day in enumerate(days) if day == date(2025, 6, 7))
    wrong = days * 2
    wrong[row] = date(2025, 7, 6)
    assert flagged_rows(wrong, numbers * 2, stores) == [row]
    source = source_table(
        Date=["", "x", *(f"{day:%d.%m.%Y}" for day in wrong), ""], No=["", "1", *numbers, *numbers, "z"]
    )
    table, issues = normalise(source, RULES_OF_ONE)
    flag_swapped_dates(table, issues)
    empty, nothing = normalise(source_table(Date=["", ""]), RULES_OF_ONE)
    flag_swapped_dates(empty, nothing)
    assert len(nothing) == 0


@pytest.mark.parametrize("seed", range(5))
def test_files_in_any_order_of_days_raise_no_alarm(seed: int) -> None:
    rng = Random(seed)
    days = year()
    shuffled = rng.sample(days, len(days))
    assert flagged_rows(shuffled) == []
    pairs = rng.sample(list(enumerate(days)), len(days))
    assert flagged_rows([day for _, day in pairs], [f"S-{1000 + row}" for row, _ in pairs]) == []
    assert flagged_rows([*days, *days]) == []
    assert flagged_rows(list(reversed(days))) == []
    assert flagged_rows(days) == []
    assert flagged_rows(days[:1]) == flagged_rows([]) == []


@pytest.mark.parametrize("seed", range(10))
def test_sales_booked_late_raise_no_alarm(seed: int) -> None:
    rng = Random(seed)
    days = [
        day + timedelta(days=rng.choice([0, 0, 0, 1, 2, 30, 90]) if rng.random() < 0.02 else 0)
        for day in year(sales=20)
    ]
    assert len(flagged_rows(days)) <= 1


def _alarms(path: Path, rules: Contract) -> int:
    row_batches = RegionalFileSource(lambda: path.open("rb"), rules, date(2027, 1, 1)).row_batches()
    return sum(issue.code == "day-month-swapped" for row_batch in row_batches for issue in row_batch.issues)


def test_the_samples_raise_no_alarm(tmp_path: Path) -> None:
    for one in files_of_regions(until=date(2026, 3, 17), scale=0.05):
        with (tmp_path / one.name).open("wb") as out:
            one.write(out)
        assert _alarms(tmp_path / one.name, shipped_contracts()[one.contract]) == 0


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("classic-models/sales_data_sample.csv", "classic-models"),
        ("online-retail/IN.csv", "online-retail-in"),
        ("online-retail/USA.csv", "online-retail-usa"),
    ],
)
def test_real_files_raise_no_alarm(shared_data: Path, file: str, name: str) -> None:
    assert _alarms(shared_data / file, shipped_contracts()[name]) == 0
