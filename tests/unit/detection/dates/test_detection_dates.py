"""The order of day and month by other columns and sale numbers, and half-converted dates, in files of no contract."""

from datetime import date, timedelta
from functools import partial
from io import BytesIO
from random import Random
from typing import Any

import pytest
from proposals import ANSWERS
from sheet_files import xlsx

from tillstream.detection import propose
from tillstream.detection.evidence import DetectionQuestion
from tillstream.review.questionnaire import Questionnaire, build_questionnaire

WEEK = [date(2026, 3, day) for day in range(1, 11)]


def build(data: str | bytes, **answers: str) -> Questionnaire:
    content = data.encode() if isinstance(data, str) else data
    return build_questionnaire(partial(BytesIO, content), "shop", ANSWERS | answers, ())


def only_question(data: str | bytes) -> DetectionQuestion:
    (question,) = build(data).questions
    return question


def dates_of(lines: list[str]) -> dict[str, Any]:
    dates: dict[str, Any] = propose(BytesIO("\n".join([*lines, ""]).encode()), name="shop").contract["dates"]
    return dates


def table(days: list[date], style: str, period: str = "", values: list[str] | None = None) -> str:
    header = f"Order No,Date,{period or 'Note'},Qty,Price"
    rows = zip(days, values or ["x"] * len(days), strict=True)
    lines = [f"{number},{day.strftime(style)},{value},2,2.50" for number, (day, value) in enumerate(rows, 1)]
    return "\n".join([header, *lines, ""])


def formats(questionnaire: Questionnaire) -> tuple[str, ...]:
    assert questionnaire.contract, questionnaire.questions
    return questionnaire.contract.dates.formats


@pytest.mark.parametrize(("style", "order"), [("%d/%m/%Y", "%d/%m/%Y"), ("%m/%d/%Y", "%m/%d/%Y")])
@pytest.mark.parametrize(
    ("period", "value"), [("Month", "March"), ("Monat", "3"), ("mois", "mars"), ("Quarter", "Q1"), ("月", "3月")]
)
def test_a_column_of_months_or_quarters_proves_the_order(period: str, value: str, style: str, order: str) -> None:
    assert formats(build(table(WEEK, style, period, [value] * 10))) == (order,)


def test_a_column_of_years_proves_the_order_of_two_digit_years() -> None:
    days = [date(2003, 4, day) for day in range(5, 12)]
    assert formats(build(table(days, "%y-%m-%d", "YEAR_ID", ["2003"] * 7))) == ("%y-%m-%d",)


def test_sale_numbers_prove_the_order_in_a_shuffled_file() -> None:
    days = [date(2026, month, day) for month in range(1, 7) for day in (2, 5, 9)]
    lines = table(days, "%m.%d.%Y").splitlines()
    Random(2).shuffle(rows := lines[1:])
    assert formats(build("\n".join([lines[0], *rows, ""]))) == ("%m.%d.%Y",)


def test_two_proofs_that_contradict_each_other_are_a_question_with_both() -> None:
    days = [date(2026, month, day) for month in range(1, 7) for day in (2, 5, 9)]
    question = only_question(table(days, "%d/%m/%Y", "Month", [str(day.day) for day in days]))
    assert question.key == "date_order"
    assert "DMY" in question.evidence
    assert "MDY" in question.evidence


def half_converted() -> bytes:
    days = [date(2026, 3, 1) + timedelta(days=2 * number) for number in range(16)]
    cells = [day.replace(month=day.day, day=day.month) if day.day <= 12 else f"{day:%d/%m/%Y}" for day in days]
    rows = ([str(number), cell, 2, 2.5] for number, cell in enumerate(cells, 1))
    return xlsx([["Order No", "Date", "Qty", "Price"], *rows])


def test_half_converted_dates_are_a_question_with_both_readings() -> None:
    question = only_question(half_converted())
    assert (question.key, question.choices) == ("half_converted", ("swap", "keep"))
    assert "all 6 date cells have a day up to 12, and all 10 texts have a day above 12" in question.evidence
    assert "is read as 2026-01-03; with day and month swapped it is 2026-03-01" in question.evidence


@pytest.mark.parametrize("answer", ["swap", "keep"])
def test_the_answer_about_half_converted_dates_is_part_of_the_contract(answer: str) -> None:
    contract = build(half_converted(), half_converted=answer).contract
    assert contract
    assert contract.dates.half_converted == answer


def test_dates_of_two_styles_on_both_sides_of_the_twelfth_are_no_question() -> None:
    days = [date(2026, 3, day) for day in range(3, 29)]
    cells = [day if day.day % 2 else f"{day:%d/%m/%Y}" for day in days]
    rows = ([str(number), cell, 2, 2.5] for number, cell in enumerate(cells, 1))
    assert build(xlsx([["Order No", "Date", "Qty", "Price"], *rows])).questions == ()


@pytest.mark.parametrize("noon", ["a. m.", "a.\u00a0m.", "a.\u202fm.", "a.m.", "AM"])
def test_times_before_and_after_noon_are_read_as_spreadsheets_write_them(noon: str) -> None:
    after = noon.replace("a", "p").replace("A", "P")
    clocks = [f"{1 + n % 11:02}:30 {after if n % 2 else noon}" for n in range(20)]
    whole = [f"{1000 + n},{10 + n}/03/2026 {clock},1,12.50" for n, clock in enumerate(clocks)]
    settings = dates_of(["Order No,Date,Qty,Price", *whole])
    assert settings["formats"] == ["%d/%m/%Y %I:%M %p"]
    apart = [f"{1000 + n},{10 + n}/03/2026,{clock},1,12.50" for n, clock in enumerate(clocks)]
    settings = dates_of(["Order No,Date,Time,Qty,Price", *apart])
    assert settings["time_formats"] == ["%I:%M %p"]
