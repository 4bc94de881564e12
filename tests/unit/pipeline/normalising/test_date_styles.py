"""Dates as people, tills and spreadsheets of many countries write them."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from source_tables import column, contract, issue_keys, source_table

from tillstream.model.date_words import LANGUAGES, calendar_names
from tillstream.model.errors import Rejected
from tillstream.pipeline.normalising.date_formats import format_datetime
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.sale_time import all_times_midnight
from tillstream.pipeline.staging.file_source import RegionalFileSource


def days(texts: list[str], **dates: Any) -> list[date | None]:
    return column("sale_date", source_table(Date=texts), contract(dates=dates))


def times(texts: list[str], **dates: Any) -> list[datetime | None]:
    return column("sold_at", source_table(Date=texts), contract(dates=dates))


@pytest.mark.parametrize(
    ("language", "format", "texts"),
    [
        ("de", "%d. %B %Y", ["1. März 2021", "1. MÄRZ 2021", "1. Mrz 2021", "01. Mär. 2021", "1. Marz 2021"]),
        ("de", "%d-%b-%y", ["01-Mrz-21", "1-mär-21"]),
        ("fr", "%d %B %Y", ["1 mars 2021", "01 MARS 2021"]),
        ("fr", "%a %d %b %Y", ["lun. 1 mars 2021", "lundi 1 mars 2021"]),
        ("pt", "%d de %B de %Y", ["1 de março de 2021", "1 DE MARCO DE 2021", "1 de mar. de 2021"]),
        ("es", "%d/%b/%Y", ["1/mar/2021", "01/marzo/2021"]),
        ("it", "%d %B %Y", ["1 marzo 2021"]),
        ("nl", "%d %b %Y", ["1 mrt. 2021", "1 maart 2021"]),
        ("pl", "%d %B %Y", ["1 marca 2021"]),
        ("tr", "%d %B %Y", ["1 Mart 2021"]),
        ("hi", "%d %B %Y", ["1 मार्च 2021"]),
        ("en", "%B %d, %Y", ["March 1, 2021", "Mar. 1, 2021", "MAR 01, 2021"]),
        ("ja", "%Y年%m月%d日", ["2021年3月1日", "2021年03月01日", "２０２１年３月１日"]),
        ("ja", "%Y年%m月%d日(%a)", ["2021年3月1日(月)"]),
    ],
)
def test_names_of_months_are_read_in_their_language(language: str, format: str, texts: list[str]) -> None:
    assert days(texts, formats=[format], language=language) == [date(2021, 3, 1)] * len(texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_day_written_in_a_language_reads_back(language: str) -> None:
    start = datetime(2024, 1, 1, 11, 58, tzinfo=UTC)
    moments = [start + timedelta(days=day, minutes=13 * day) for day in range(366)]
    for style in ("%A %d %B %Y %I:%M %p", "%d-%b-%y %H:%M"):
        texts = [format_datetime(moment, style, language) for moment in moments]
        assert times(texts, formats=[style], language=language) == moments
    words = calendar_names(language)
    assert set(words.months.values()) == set(range(1, 13))
    assert set(words.weekdays.values()) == set(range(7))


def test_a_weekday_that_is_another_day_is_refused() -> None:
    assert days(["Tue 2 Mar 2021", "Mon 2 Mar 2021"], formats=["%a %d %b %Y"]) == [date(2021, 3, 2), None]


def test_august_in_french_is_read_with_and_without_its_accent() -> None:
    assert (
        days(["15 août 2021", "15 aout 2021", "15 AOÛT 2021"], formats=["%d %B %Y"], language="fr")
        == [date(2021, 8, 15)] * 3
    )


def test_an_unknown_language_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(Rejected, match="allowed are cs, da, de, el, en"):
        contract(dates={"language": "xx"})


@pytest.mark.parametrize(
    ("years_from", "years"),
    [
        (1969, [2000, 2026, 2068, 1969, 1999]),
        (2000, [2000, 2026, 2068, 2069, 2099]),
        (1930, [2000, 2026, 1968, 1969, 1999]),
    ],
)
@pytest.mark.parametrize("format", ["%d/%m/%y", "%d %b %y"])
def test_two_digits_of_a_year_mean_the_stated_hundred(years_from: int, years: list[int], format: str) -> None:
    texts = [format_datetime(datetime(year, 3, 1, tzinfo=UTC), format) for year in years]
    assert days(texts, formats=[format], two_digit_years_from=years_from) == [date(year, 3, 1) for year in years]
    assert days([texts[0]], formats=[format], two_digit_years_from=years_from) == [date(years[0], 3, 1)]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-04T10:11:12Z", datetime(2026, 3, 4, 10, 11, 12, tzinfo=UTC)),
        ("2026-03-04 10:11:12.5", datetime(2026, 3, 4, 10, 11, 12, 500_000, tzinfo=UTC)),
        ("2026-03-04T10:11:12,123456789+05:30", datetime(2026, 3, 4, 4, 41, 12, 123_456, tzinfo=UTC)),
        ("2026-03-04T10:11-0300", datetime(2026, 3, 4, 13, 11, tzinfo=UTC)),
        ("2026-03-04t10:11+01", datetime(2026, 3, 4, 9, 11, tzinfo=UTC)),
        ("2026-03-04", None),
    ],
)
def test_iso_dates_are_read_under_any_contract(text: str, moment: datetime | None) -> None:
    rules = contract(dates={"formats": ["%d/%m/%Y", "%m/%d/%Y %H:%M"]})
    table, issues = normalise(source_table(Date=[text, "31/12/2026"]), rules)
    assert table.column("sold_at").to_pylist() == [moment, None]
    assert table.column("sale_date").to_pylist() == [date(2026, 3, 4), date(2026, 12, 31)]
    assert len(issues) == 0


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-13-01", "2026-03-04T24:00", "2026-03-04T10:60", "2026-03-04T10:00+24:00"]
)
def test_iso_texts_of_no_day_or_time_are_refused(text: str) -> None:
    assert days([text], formats=["%d/%m/%Y"]) == [None]


@pytest.mark.parametrize(
    ("kind", "text", "day", "moment"),
    [
        ("excel", "44228", date(2021, 2, 1), None),
        ("excel", "44228.0", date(2021, 2, 1), None),
        ("excel", "44228.5", date(2021, 2, 1), datetime(2021, 2, 1, 12, tzinfo=UTC)),
        ("excel", "44228,0142824074", date(2021, 2, 1), datetime(2021, 2, 1, 0, 20, 34, tzinfo=UTC)),
        ("excel", "43470.5479166667", date(2019, 1, 5), datetime(2019, 1, 5, 13, 9, tzinfo=UTC)),
        ("excel", "61", date(1900, 3, 1), None),
        ("excel", "60", None, None),
        ("excel", "2958466", None, None),
        ("excel", "-3", None, None),
        ("excel", "4.4E4", None, None),
        ("excel-1904", "42766", date(2021, 2, 1), None),
    ],
)
def test_day_numbers_of_spreadsheets(kind: str, text: str, day: date | None, moment: datetime | None) -> None:
    table, _ = normalise(source_table(Date=[text]), contract(dates={"formats": [kind]}))
    assert table.column("sale_date").to_pylist() == [day]
    assert table.column("sold_at").to_pylist() == [moment]


def test_an_underscore_can_separate_day_and_time_in_files_of_any_length() -> None:
    start = datetime(2021, 2, 1, 0, 20, 34, tzinfo=UTC)
    moments = [start + timedelta(seconds=977 * step) for step in range(3000)]
    texts = [moment.strftime("%y.%m.%d_%H:%M:%S") for moment in moments]
    assert texts[0] == "21.02.01_00:20:34"
    texts[7] = "21.2.1_00:20:34"
    assert times(texts, formats=["%y.%m.%d_%H:%M:%S"]) == [*moments[:7], moments[0], *moments[8:]]
    assert times(texts[:3], formats=["%y.%m.%d_%H:%M:%S"]) == moments[:3]


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%d/%m/%Y %I:%M %p", "01/02/2021 1:05 p.m."),
        ("%d/%m/%Y %I:%M %p", "01/02/2021 1:05\u202fPM"),
        ("%d/%m/%Y %I:%M%p", "01/02/2021 1:05pm"),
        ("%d/%m/%Y %H:%M %p", "01/02/2021 13:05 PM"),
        ("%d/%m/%Y %H:%M:%S %z", "01/02/2021 15:05:00 +02:00"),
    ],
)
def test_times_with_halves_of_the_day_and_offsets(format: str, text: str) -> None:
    assert times([text], formats=[format]) == [datetime(2021, 2, 1, 13, 5, tzinfo=UTC)]


@pytest.mark.parametrize("text", ["01/02/2021 1:05 PM", "01/02/2021 13:05 AM"])
def test_an_hour_and_a_half_of_the_day_that_contradict_each_other_are_refused(text: str) -> None:
    assert days([text], formats=["%d/%m/%Y %H:%M %p"]) == [None]


def test_japanese_am_and_pm_precede_the_hour() -> None:
    assert times(
        ["2021年2月1日 午後1時05分", "2021年2月1日 午前12時00分"], formats=["%Y年%m月%d日 %p%I時%M分"], language="ja"
    ) == [
        datetime(2021, 2, 1, 13, 5, tzinfo=UTC),
        datetime(2021, 2, 1, 0, 0, tzinfo=UTC),
    ]


def test_a_time_in_a_column_of_its_own_joins_its_day() -> None:
    rules = contract({"time": "Time"}, dates={"formats": ["%m/%d/%Y"], "time_zone": "Asia/Yangon"})
    source = source_table(Date=["1/5/2019"] * 6, Time=["13:08", "1:08 PM", "13:08:30", "", "25:00", "13:08:30.25"])
    table, issues = normalise(source, rules)
    at = datetime(2019, 1, 5, 6, 38, tzinfo=UTC)
    later = at + timedelta(seconds=30)
    assert table.column("sold_at").to_pylist() == [at, at, later, None, None, later + timedelta(milliseconds=250)]
    assert table.column("sale_date").to_pylist() == [date(2019, 1, 5)] * 6
    assert issue_keys(issues) == [(4, "not-a-time", "sold_at")]


def test_a_time_column_with_only_midnight_gives_dates() -> None:
    rules = contract({"time": "Time"}, dates={"formats": ["%m/%d/%Y"], "cutoff": "05:00"})
    assert all_times_midnight(source_table(Date=["1/5/2019"], Time=["00:00"]), rules)
    assert not all_times_midnight(source_table(Date=["1/5/2019"], Time=["00:01"]), rules)
    table, _ = normalise(source_table(Date=["1/5/2019", "1/5/2019"], Time=["04:59", "05:00"]), rules)
    assert table.column("sale_date").to_pylist() == [date(2019, 1, 4), date(2019, 1, 5)]


def test_a_spreadsheets_midnight_beside_a_time_means_nothing_and_another_time_is_refused() -> None:
    rules = contract({"time": "Time"})
    source = source_table(
        Date=["2019-01-05 00:00:00", "2019-01-05 13:08", "2019-01-05 13:08"], Time=["13:08", "13:08", "13:09"]
    )
    table, issues = normalise(source, rules)
    assert table.column("sold_at").to_pylist()[:2] == [datetime(2019, 1, 5, 13, 8, tzinfo=UTC)] * 2
    assert issue_keys(issues) == [(2, "not-a-date", "sale_date")]


def test_each_store_has_its_own_zone() -> None:
    zones = {"NY": "America/New_York", "LA": "America/Los_Angeles"}
    rules = contract(
        {"store_id": "Store"},
        dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "Europe/London", "store_zones": zones, "cutoff": "04:00"},
    )
    texts = ["2026-07-01 03:00", "2026-07-01 12:00", "2026-07-01 12:00", "2026-03-08 02:30", "2026-03-08 02:30"]
    table, issues = normalise(source_table(Date=texts, Store=["NY", "LA", "X", "NY", "X"]), rules)
    assert table.column("sold_at").to_pylist() == [
        datetime(2026, 7, 1, 7, tzinfo=UTC),
        datetime(2026, 7, 1, 19, tzinfo=UTC),
        datetime(2026, 7, 1, 11, tzinfo=UTC),
        None,
        datetime(2026, 3, 8, 2, 30, tzinfo=UTC),
    ]
    assert table.column("sale_date").to_pylist()[0] == date(2026, 6, 30)
    assert issue_keys(issues) == [(3, "time-does-not-exist", "sale_date")]
    assert issues.table().to_pylist()[0]["detail"] == "America/New_York"


def test_a_zone_of_a_store_must_be_one() -> None:
    with pytest.raises(Rejected, match="unknown time zone"):
        contract({"store_id": "S"}, dates={"store_zones": {"A": "Mars/Base"}})


@pytest.mark.parametrize(
    ("texts", "midnights"),
    [
        (["2026-01-01", "", "x"], None),
        (["2026-01-01 00:00", "2026-01-01"], True),
        (["2026-01-01"] * 2000 + ["2026-01-02 00:00", "2026-01-03 00:01"], False),
        ([f"{2000 + n // 300}-01-01" for n in range(1500)] + ["2026-01-02 00:00"], True),
    ],
)
def test_rows_have_no_time_only_midnight_or_times(texts: list[str], midnights: bool | None) -> None:
    assert (
        all_times_midnight(source_table(Date=texts), contract(dates={"formats": ["%Y-%m-%d", "%Y-%m-%d %H:%M"]}))
        is midnights
    )


@pytest.mark.parametrize(("last", "instants"), [("2026-01-09 00:00", 0), ("2026-01-09 00:01", 2)])
def test_evidence_in_a_late_row_applies_to_earlier_rows(tmp_path: Path, last: str, instants: int) -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d"]})
    filler = "x" * 8000
    rows = [f"{n},2026-01-01,1,1.00,{filler}" for n in range(1500)]
    rows += [f"a,2026-01-02 00:00,1,1.00,{filler}", *rows[:1200], f"z,{last},1,1.00,{filler}"]
    (tmp_path / "long.csv").write_text("\n".join(["No,Date,Qty,Price,More", *rows]) + "\n")
    row_batches = list(
        RegionalFileSource(lambda: (tmp_path / "long.csv").open("rb"), rules, date(2026, 6, 1)).row_batches()
    )
    assert len(row_batches) > 2
    assert (
        sum(len(row_batch.table) - row_batch.table.column("sold_at").null_count for row_batch in row_batches)
        == instants
    )
