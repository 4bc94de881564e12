"""Day and month: half-converted dates are found and swapped back exactly, right dates raise no doubt."""

import io
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sheet_files import xlsx

from examples import examples
from tillstream.contracts import contract_files
from tillstream.detection.values.swapped_dates import (
    DateMoves,
    is_half_converted,
    only_first_ascends,
    swap_day_and_month,
)
from tillstream.model.contract import Contract, parse_contract
from tillstream.pipeline.staging.file_source import RegionalFileSource
from tillstream.samples.sample_files import files_of_regions

days = st.dates(date(1990, 1, 1), date(2060, 12, 31))
CSV = {"file": {"encoding": "utf-8", "delimiter": ","}}


def contract(**dates: object) -> Contract:
    sections = {"name": "T", "region": "R", "currency": "EUR", "identity": {"ids": "region-wide"}}
    columns = {"sale_id": "No", "date": "Date", "net_amount": "Net"}
    return parse_contract(sections | CSV | {"columns": columns, "dates": {"formats": ["%d/%m/%Y"]} | dates})


def read(data: bytes, rules: Contract) -> tuple[list[date], RegionalFileSource]:
    file = RegionalFileSource(lambda: io.BytesIO(data), rules, date(2070, 1, 1))
    return [day for batch in file.row_batches() for day in batch.table.column("sale_date").to_pylist()], file


def table(dates: list[date], style: str) -> bytes:
    rows = "".join(f"{number},{day.strftime(style)},5\n" for number, day in enumerate(dates, 1))
    return f"No,Date,Net\n{rows}".encode()


@given(days)
def test_swapping_twice_gives_the_date_back(day: date) -> None:
    assert swap_day_and_month(swap_day_and_month(day)) == day


@settings(max_examples=examples(30))
@given(st.dates(date(2020, 1, 1), date(2025, 12, 31)), st.integers(20, 90), st.randoms(use_true_random=False))
def test_half_converted_dates_are_swapped_back_to_what_they_were(first: date, span: int, draw: Random) -> None:
    dates = [first + timedelta(days=draw.randrange(span)) for _ in range(60)]
    assume(any(day.day > 12 for day in dates) and any(day.day <= 12 and day.day != day.month for day in dates))
    cells = [swap_day_and_month(day) if day.day <= 12 else f"{day:%d/%m/%Y}" for day in dates]
    data = xlsx([["No", "Date", "Net"], *([str(number), cell, 5] for number, cell in enumerate(cells, 1))])
    assert read(data, contract(half_converted="swap"))[0] == dates
    file = read(data, contract())[1]
    assert file.date_doubt
    assert file.date_doubt.repair == "date-cells"


@settings(max_examples=examples(60))
@given(st.dates(date(2020, 1, 1), date(2025, 12, 31)), st.integers(1, 700), st.randoms(use_true_random=False))
def test_dates_that_are_read_right_raise_no_doubt(first: date, span: int, draw: Random) -> None:
    dates = [first + timedelta(days=draw.randrange(span)) for _ in range(80)]
    for order in (dates, sorted(dates), sorted(dates, reverse=True)):
        assert read(table(order, "%d/%m/%Y"), contract())[1].date_doubt is None


@settings(max_examples=examples(60))
@given(st.integers(2020, 2025), st.integers(1, 8), st.integers(2, 5), st.randoms(use_true_random=False))
def test_sorted_days_of_several_months_read_the_wrong_way_are_doubted(
    year: int, month: int, months: int, draw: Random
) -> None:
    dates = sorted(date(year, month + number, day) for number in range(months) for day in draw.sample(range(1, 13), 6))
    doubt = read(table(dates, "%m/%d/%Y"), contract())[1].date_doubt
    as_read = [swap_day_and_month(day) for day in dates]
    jumps = sum(later < earlier for earlier, later in pairwise(as_read))
    assert (doubt is not None) == (jumps >= 0.1 * (len(dates) - 1))
    assert doubt is None or doubt.repair == "formats"


@given(st.sets(days, max_size=8), st.sets(days, max_size=8))
def test_days_on_both_sides_of_the_twelfth_are_never_half_converted(converted: set[date], texts: set[date]) -> None:
    if any(day.day > 12 for day in converted) or any(day.day <= 12 for day in texts):
        assert not is_half_converted(converted, texts)


@given(st.integers(0, 500), st.integers(0, 500), st.integers(0, 500), st.integers(0, 500))
def test_only_one_reading_can_ascend(ups: int, downs: int, more: int, fewer: int) -> None:
    assert not (
        only_first_ascends(DateMoves(ups, downs), DateMoves(more, fewer))
        and only_first_ascends(DateMoves(more, fewer), DateMoves(ups, downs))
    )


def test_the_samples_of_shipped_regions_raise_no_doubt() -> None:
    for one in files_of_regions(until=date(2026, 3, 17), scale=0.02):
        out = io.BytesIO()
        one.write(out)
        assert read(out.getvalue(), contract_files.shipped_contracts()[one.contract])[1].date_doubt is None, one.name
