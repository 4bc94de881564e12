"""Styles of dates that exports write: with weekdays, zone words, other eras, and counted in seconds; time zones."""

import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from tillstream.detection import Proposal, propose
from tillstream.detection.answers import invalid_reason, zone_name
from tillstream.model.contract import parse_contract
from tillstream.model.date_words import to_gregorian
from tillstream.pipeline.staging.figures import read_figures

ANSWERS = {
    "region": "North",
    "country": "-",
    "currency": "EUR",
    "time_zone": "America/Los_Angeles",
    "date_order": "DMY",
}
MOMENTS = [datetime(2026, 2, 3, 14, 15) + timedelta(days=3 * n, minutes=37 * n) for n in range(20)]  # noqa: DTZ001
GERMAN = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
GERMAN_MONTHS = ("", "Januar", "Februar", "März", "April")
SPANISH_MONTHS = ("", "enero", "febrero", "marzo", "abril")


def _unix(moment: datetime) -> int:
    return int((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())


STYLES: dict[str, Callable[[datetime], object]] = {
    "Feb 3, 2026 2:15 PM": lambda at: f"{at:%b} {at.day}, {at:%Y %I:%M %p}",
    "Feb 3, 2026, 2:15:07 PM": lambda at: f"{at:%b} {at.day}, {at:%Y, %I:%M:%S %p}",
    "Feb-03-26": lambda at: f"{at:%b-%d-%y}",
    "3-Feb-2026": lambda at: f"{at.day}-{at:%b-%Y}",
    "2026.02.03.": lambda at: f"{at:%Y.%m.%d.}",
    "2026. 02. 03.": lambda at: f"{at:%Y. %m. %d.}",
    "2026年2月3日": lambda at: f"{at.year}年{at.month}月{at.day}日",
    "Tue 03/02/2026": lambda at: f"{at:%a %d/%m/%Y}",
    "Tuesday, February 3, 2026": lambda at: f"{at:%A, %B} {at.day}, {at.year}",
    "Dienstag, 3. Februar 2026": lambda at: f"{GERMAN[at.weekday()]}, {at.day}. {GERMAN_MONTHS[at.month]} {at.year}",
    "3 de febrero de 2026": lambda at: f"{at.day} de {SPANISH_MONTHS[at.month]} de {at.year}",
    "03.02.2026, 14:15": lambda at: f"{at:%d.%m.%Y, %H:%M}",
    "03-Feb-2026 02:15 PM PST": lambda at: f"{at:%d-%b-%Y %I:%M %p} PST",
    "03.02.2026 14:15:00 UTC": lambda at: f"{at:%d.%m.%Y %H:%M:%S} UTC",
    "2026-02-03T14:15:00.123456789Z": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.123456789Z",
    "2026-02-03T14:15:00.123Z": lambda at: f"{at:%Y-%m-%dT%H:%M:%S}.123Z",
    "Unix seconds": _unix,
    "Unix milliseconds": lambda at: _unix(at) * 1000,
    "03/02/2569": lambda at: f"{at:%d/%m}/{at.year + 543}",
    "2569-02-03 14:15": lambda at: f"{at.year + 543}-{at:%m-%d %H:%M}",
    "令和8年2月3日": lambda at: f"令和{at.year - 2018}年{at.month}月{at.day}日",
    "R8.2.3": lambda at: f"R{at.year - 2018}.{at.month}.{at.day}",
}


def proposal_for(dates: list[object], **answers: str) -> tuple[bytes, Proposal]:
    rows = [f'{1000 + n},"{text}",{n % 4 + 1},{n + 10}.50' for n, text in enumerate(dates)]
    data = "\n".join(["Receipt,Date,Qty,Total", *rows, ""]).encode()
    return data, propose(io.BytesIO(data), name="shop", answers=ANSWERS | answers)


@pytest.mark.parametrize("style", STYLES)
def test_a_style_of_dates_is_recognised_and_read(style: str) -> None:
    language = "de" if "Dienstag" in style else "es" if " de " in style else "en"
    data, proposal = proposal_for([STYLES[style](at) for at in MOMENTS], language=language)
    assert proposal.questions == ()
    contract = parse_contract(proposal.contract)
    figures = read_figures(lambda: io.BytesIO(data), contract, date(2026, 6, 1), file="a.csv")
    assert (figures.accepted, figures.quarantined) == (20, 0)
    assert (figures.first_date, figures.last_date) == (date(2026, 2, 3), MOMENTS[-1].date())


def test_the_weekday_proves_the_order_of_day_and_month() -> None:
    texts: list[object] = [f"{at:%a %m/%d/%Y}" for at in MOMENTS if at.day <= 12]
    _, proposal = proposal_for(texts, date_order="")
    assert proposal.questions == ()
    assert proposal.contract["dates"]["formats"] == ["%A %m/%d/%Y"]


def test_times_with_offsets_need_the_zone_of_the_shop() -> None:
    _, proposal = proposal_for([f"{at:%Y-%m-%dT%H:%M:%S}Z" for at in MOMENTS], time_zone="")
    assert [question.key for question in proposal.questions] == ["time_zone"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("令和元年5月1日", "2019年5月1日"),
        ("平成31年4月30日", "2019年4月30日"),
        ("H31/4/30", "2019/4/30"),
        ("S64", "S64"),
    ],
)
def test_years_of_japanese_eras_start_with_one(text: str, expected: str) -> None:
    assert to_gregorian(text, "japanese") == expected


def test_a_leap_day_of_a_buddhist_year_is_that_of_the_common_year() -> None:
    assert to_gregorian("29/02/2567", "buddhist") == "29/02/2024"


@pytest.mark.parametrize("settings", [{"formats": ["unix"]}, {"formats": ["%Y-%m-%d"], "era": "buddhist"}])
def test_a_contract_has_the_new_formats(settings: dict[str, object]) -> None:
    contract = {
        "name": "shop",
        "region": "North",
        "currency": "EUR",
        "identity": {"ids": "region-wide"},
        "dates": settings,
        "columns": {"date": "D", "sale_id": "N", "net_amount": "T"},
    }
    text = "1770128100" if settings["formats"] == ["unix"] else "2569-02-03"
    data = f"N,D,T\n1,{text},2.50\n".encode()
    figures = read_figures(lambda: io.BytesIO(data), parse_contract(contract), date(2026, 6, 1), file="a.csv")
    assert figures.first_date == date(2026, 2, 3)


@pytest.mark.parametrize(("header", "is_open"), [("Purchase Date", False), ("Created", True), ("Datum", True)])
def test_months_of_several_languages_are_english_below_an_english_header(header: str, is_open: bool) -> None:
    rows = "".join(f"{number},{number % 28 + 1} Feb 2026,Mug,1,2.50\n" for number in range(30))
    proposal = propose(io.BytesIO(f"Order,{header},Product,Qty,Price\n{rows}".encode()), name="x")
    assert ("language" in {question.key for question in proposal.questions}) == is_open
    assert proposal.contract["dates"]["language"] == "en"


@pytest.mark.parametrize(
    ("answer", "zone"),
    [
        ("Europe/London", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("new york", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("Kolkata", "Asia/Kolkata"),
        ("utc", "utc"),
        ("eastern", "eastern"),
        ("Narnia", "Narnia"),
    ],
)
def test_a_city_names_its_zone_and_an_ambiguous_word_is_kept(answer: str, zone: str) -> None:
    assert zone_name(answer) == zone


def test_an_unknown_place_is_not_a_zone() -> None:
    assert invalid_reason("time_zone", zone_name("Narnia")) == "it must be a name such as Europe/London"
