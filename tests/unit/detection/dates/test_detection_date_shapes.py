"""Dates in the shapes of many programs and languages are detected, and read as the days and times that they are."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from proposals import ANSWERS
from source_tables import column, contract, source_table

from tillstream.detection import propose
from tillstream.pipeline.normalising.date_formats import format_datetime

MOMENTS = [datetime(2026, 1, 5, 0, 7, 9) + timedelta(hours=33 * number) for number in range(110)]  # noqa: DTZ001

NAMED = [
    ("es", "%d de %B de %Y %H:%M hs."),
    ("pt", "%d de %B de %Y às %H:%M"),
    ("fr", "%d %B %Y à %H:%M"),
    ("fr", "%d %b. %Y %Hh%M"),
    ("de", "%d. %B %Y %H:%M Uhr"),
    ("de", "%d. %B %Y um %H:%M"),
    ("en", "%B %d, %Y at %I:%M %p"),
    ("en", "%a %b %d %H:%M:%S %Y"),
    ("en", "%a %b %d %Y %H:%M:%S GMT+0000 (Greenwich Mean Time)"),
    ("en", "%d%b%Y"),
    ("en", "%d%b%Y:%H:%M:%S"),
    ("en", "%d/%b/%Y:%H:%M:%S +0000"),
    ("en", "%Y-%b-%d"),
    ("it", "%d %B %Y ore %H:%M"),
    ("nl", "%d %B %Y om %H:%M"),
    ("hu", "%Y. %B %d."),
    ("hu", "%Y. %b. %d. %H:%M"),
    ("ru", "%d %B %Y г."),
    ("ru", "%d %B %Y г. в %H:%M"),
    ("uk", "%d %B %Y"),
    ("cs", "%d. %B %Y"),
    ("fi", "%d. %B %Y klo %H.%M"),
    ("da", "%d. %B %Y kl. %H.%M"),
    ("id", "%d %B %Y pukul %H.%M"),
    ("el", "%d %B %Y"),
    ("ro", "%d %B %Y, %H:%M"),
]
NUMERIC = [
    ("", "%d/%m/%Y - %H:%M"),
    ("", "%d/%m/%Y | %H:%M"),
    ("", "%d/%m/%Y (%H:%M)"),
    ("", "%d/%m/%Y alle %H.%M"),
    ("", "%d-%m-%Y %Hh%M"),
    ("", "%Y%m%d%H%M%S"),
    ("", "%Y%m%dT%H%M%S"),
    ("", "%Y年%m月%d日 %H時%M分"),
    ("ko", "%Y. %m. %d. %p %I:%M"),
    ("zh", "%Y/%m/%d %p%I:%M"),
    ("ja", "%Y/%m/%d %p%I:%M"),
]


def ordinal(day: int) -> str:
    return f"{day}{'th' if 4 <= day <= 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


WRITTEN: dict[str, Callable[[datetime], str]] = {
    "1st March 2026": lambda at: f"{ordinal(at.day)} {at:%B %Y}",
    "March 1st, 2026": lambda at: f"{at:%B} {ordinal(at.day)}, {at:%Y}",
    "8時5分": lambda at: f"{at.year}年{at.month}月{at.day}日 {at.hour}時{at.minute}分",
}


def proposed_dates(texts: Sequence[str]) -> dict[str, Any]:
    rows = [f'{1000 + number},"{text}",Mug,2,2.50' for number, text in enumerate(texts)]
    text = "\n".join(["Order No,Date,Item,Qty,Price", *rows, ""])
    proposal = propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS)
    assert [question.key for question in proposal.questions] == []
    assert proposal.contract["columns"]["date"] == "Date"
    dates: dict[str, Any] = proposal.contract["dates"]
    return dates


def check_read(texts: Sequence[str], dates: dict[str, Any]) -> None:
    """Check that the contract reads the texts as the moments, as far as they are written."""
    formats = " ".join(dates["formats"])
    table, with_dates = source_table(Date=list(texts)), contract(dates=dates)
    assert column("sale_date", table, with_dates) == [moment.date() for moment in MOMENTS]
    if "%M" in formats:
        read = [moment.replace(tzinfo=None) for moment in column("sold_at", table, with_dates)]
        assert read == [moment if "%S" in formats else moment.replace(second=0) for moment in MOMENTS]


@pytest.mark.parametrize(("language", "format"), [*NAMED, *NUMERIC])
def test_a_shape_is_detected_and_read(language: str, format: str) -> None:
    texts = [format_datetime(moment, format, language or "en") for moment in MOMENTS]
    dates = proposed_dates(texts)
    assert dates.get("language", "") == language
    check_read(texts, dates)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_shape_that_no_single_format_writes_is_read(name: str) -> None:
    texts = [WRITTEN[name](moment) for moment in MOMENTS]
    check_read(texts, proposed_dates(texts))


@pytest.mark.parametrize("number", ["20260301-%04d", "20260301%06d", "202603%08d"])
def test_numbers_of_sales_that_begin_with_a_day_are_no_times(number: str) -> None:
    rows = [f"{number % (1 + sale // 2)},2026-03-01,Mug,2,2.50" for sale in range(40)]
    text = "\n".join(["Receipt No,Date,Item,Qty,Price", *rows, ""])
    columns = propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS).contract["columns"]
    assert (columns["sale_id"], columns["date"]) == ("Receipt No", "Date")


def test_german_names_that_danish_has_too_are_german_without_a_question() -> None:
    assert proposed_dates([f"{day}. {('Januar', 'Februar')[day % 2]} 2026" for day in range(1, 28)])["language"] == "de"


def test_halves_of_the_day_in_two_languages_are_those_of_none() -> None:
    texts = [f"2026/3/{day} {('오후', '午後')[day % 2]}8:19" for day in range(1, 28)]
    assert "language" not in proposed_dates(texts)
