"""Dates of any format become the store's business day and the instant in UTC."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from source_tables import column, contract, issue_keys, source_table

from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.parse_dates import example_date
from tillstream.pipeline.normalising.sale_time import all_times_midnight, date_evidence, needs_date_evidence


def days(texts: list[str], *formats: str) -> list[date | None]:
    return column("sale_date", source_table(Date=texts), contract(dates={"formats": formats}))


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("%Y-%m-%d", "2026-12-31"),
        ("%d/%m/%Y", "31/12/2026"),
        ("%m/%d/%Y", "12/31/2026"),
        ("%d.%m.%y", "31.12.26"),
        ("%Y%m%d", "20261231"),
        ("%d %b %Y", "31 Dec 2026"),
        ("%B %d, %Y", "December 31, 2026"),
        ("%m/%d/%Y %H:%M", "12/31/2026 0:00"),
        ("%Y-%m-%dT%H:%M:%S", "2026-12-31T10:20:30"),
        ("%m/%d/%Y %I:%M %p", "12/31/2026 11:59 PM"),
        ("%H:%M %d/%m/%Y", "23:59 31/12/2026"),
        ("%Y-%m-%d %H:%M:%S.%f", "2026-12-31 10:20:30.123456"),
    ],
)
def test_a_date_is_read_in_its_format(format: str, text: str) -> None:
    assert days([text, f" {text}\u00a0"], format) == [date(2026, 12, 31)] * 2


@pytest.mark.parametrize("format", ["%d/%m/%Y", "%d/%m/%Y %H:%M"])
@pytest.mark.parametrize(
    "text", ["30/02/2026", "29/02/2025", "31/04/2026", "32/01/2026", "00/01/2026", "01/13/2026", "01/01/0000"]
)
def test_a_day_that_no_calendar_has_is_refused(format: str, text: str) -> None:
    tail = " 10:00" if "H" in format else ""
    assert days([text + tail, "28/02/2026" + tail], format) == [None, date(2026, 2, 28)]


@pytest.mark.parametrize("text", ["24:00", "10:60", "1O:00", "10-00", "10:0x"])
def test_a_time_that_no_clock_shows_is_refused(text: str) -> None:
    assert days([f"01/02/2026 {text}"], "%d/%m/%Y %H:%M") == [None]


def test_the_whole_text_must_match() -> None:
    texts = ["2026-01-02 x", "x2026-01-02", "2026-01-02 1:00", "2026-1-2", "２０２６-01-02", "2026-01-0", "2026/01/02"]
    assert days(texts, "%Y-%m-%d") == [None, None, None, date(2026, 1, 2), None, None, None]


@pytest.mark.parametrize("space", ["  ", "\t", "\u00a0", " \t"])
def test_white_space_inside_must_match_the_format(space: str) -> None:
    for style, text in (("%d %b %Y", "1 Feb{}2026"), ("%d/%m/%Y %H:%M", "01/02/2026{}10:00")):
        assert days([text.format(" "), text.format(space)], style) == [date(2026, 2, 1), None]


def test_digits_without_signs_between_them_need_their_full_width() -> None:
    assert days(["2026111", "20260111"], "%Y%m%d") == [None, date(2026, 1, 11)]


def test_thousands_of_dates_in_two_formats_are_each_read_in_their_own() -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    formats = ("%d.%m.%Y", "%m/%d/%Y %H:%M")
    texts = [(start + timedelta(minutes=937 * step)).strftime(formats[step % 2]) for step in range(3000)]
    expected = [(start + timedelta(minutes=937 * step)).date() for step in range(3000)]
    assert days(texts, *formats) == expected
    assert days(texts, *reversed(formats)) == expected


def test_the_rows_that_one_format_alone_reads_prove_what_the_others_mean() -> None:
    formats = ("%d/%m/%Y", "%m/%d/%Y", "%Y%m%d %H:%M")
    texts = ["03/04/2026", "03/14/2026", "20260506 10:00", "nothing", "05/05/2026"]
    proved = [date(2026, 3, 4), date(2026, 3, 14), date(2026, 5, 6), None, date(2026, 5, 5)]
    assert days(texts, *formats) == proved
    assert days(texts, *reversed(formats)) == proved


@pytest.mark.parametrize("others", [[], ["05/05/2026"], ["14/03/2026", "03/14/2026"]])
def test_a_text_that_may_be_two_days_is_refused_with_both(others: list[str]) -> None:
    rules = contract(dates={"formats": ["%d/%m/%Y", "%m/%d/%Y"]})
    table, issues = normalise(source_table(Date=["03/04/2026", *others]), rules)
    assert table.column("sale_date").to_pylist()[0] is None
    assert issue_keys(issues) == [(0, "ambiguous-date", "sale_date")]
    assert issues.table().to_pylist()[0]["detail"] == "2026-04-03 or 2026-03-04"


def test_what_the_whole_file_proves_rules_in_each_of_its_parts() -> None:
    rules = contract(dates={"formats": ["%d.%m.%y", "%y.%m.%d"]})
    evidence = date_evidence(source_table(Date=["01.12.99", "01.02.03"]), rules)
    table, issues = normalise(source_table(Date=["01.02.03"]), rules, evidence=evidence)
    assert table.column("sale_date").to_pylist() == [date(2003, 2, 1)]
    assert len(issues) == 0
    assert issue_keys(normalise(source_table(Date=["01.02.03"]), rules, evidence=frozenset())[1]) == [
        (0, "ambiguous-date", "sale_date")
    ]


def test_formats_that_cannot_be_mistaken_for_each_other_need_no_proof() -> None:
    assert not needs_date_evidence(contract(dates={"formats": ["%d.%m.%Y", "%d/%m/%Y", "%d %B %Y", "excel"]}))
    assert needs_date_evidence(contract(dates={"formats": ["%d.%m.%Y", "%m.%d.%Y"]}))
    assert needs_date_evidence(contract(dates={"formats": ["excel", "excel-1904"]}))


def test_a_rejected_date_shows_the_expected_format() -> None:
    _, issues = normalise(source_table(Date=["2/3", "01/02/2026"]), contract(dates={"formats": ["%d/%m/%Y"]}))
    row = issues.table().to_pylist()[0]
    assert (row["index"], row["code"], row["column"]) == (0, "not-a-date", "sale_date")
    assert (row["value"], row["detail"]) == ("2/3", "31/12/2026")
    assert example_date(("%d/%m/%Y", "%m/%d/%Y %I:%M %p")) == "31/12/2026 or 12/31/2026 11:59 PM"


def test_an_empty_date_is_left_to_the_rule_of_required_columns() -> None:
    table, issues = normalise(source_table(Date=["", "2026-01-01"]), contract())
    assert table.column("sale_date").to_pylist() == [None, date(2026, 1, 1)]
    assert len(issues) == 0


@pytest.mark.parametrize("format", ["%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d %b %Y %H:%M", "%m/%d/%Y %I:%M %p"])
@pytest.mark.parametrize("odd", ["nonsense", "non sense", "10:00"])
def test_thousands_of_different_times_read_as_one_by_one(format: str, odd: str) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    texts = [(start + timedelta(seconds=2221 * step)).strftime(format) for step in range(3000)]
    texts[7], texts[1500], texts[2000] = odd, "", texts[2000] + "0"
    read = column("sold_at", source_table(Date=texts), contract(dates={"formats": [format]}))
    unreadable = {7, 1500, 2000}
    assert [row for row, moment in enumerate(read) if moment is None] == sorted(unreadable)
    for row in set(range(3000)) - unreadable:
        assert read[row] == datetime.strptime(texts[row], format).replace(tzinfo=UTC)


@pytest.mark.parametrize("valid", ["2026-01-02 03:04:05.678", "2026-01-02 03:04:05.6"])
def test_a_fraction_of_a_second_has_one_to_six_digits(valid: str) -> None:
    texts = ["2026-01-02 03:04:05.123", valid, "2026-01-02 03:04:05.x23", "2026-01-02 03:04:0512"]
    read = column("sold_at", source_table(Date=texts), contract(dates={"formats": ["%Y-%m-%d %H:%M:%S.%f"]}))
    assert read[0] == datetime(2026, 1, 2, 3, 4, 5, 123_000, tzinfo=UTC)
    assert read[1] == datetime.fromisoformat(valid).replace(tzinfo=UTC)
    assert read[2:] == [None, None]


def test_unpadded_times_read_like_padded_ones() -> None:
    moments = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=37 * step) for step in range(3000)]
    texts = [f"{m.month}/{m.day}/{m.year} {m.hour}:{m.minute:02}" for m in moments]
    read = column("sold_at", source_table(Date=texts), contract(dates={"formats": ["%m/%d/%Y %H:%M"]}))
    assert read == moments


def test_local_time_becomes_utc_by_the_zone_of_the_contract() -> None:
    texts = ["2026-01-15 12:00", "2026-07-15 12:00"]
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "America/New_York"})
    assert column("sold_at", source_table(Date=texts), rules) == [
        datetime(2026, 1, 15, 17, tzinfo=UTC),
        datetime(2026, 7, 15, 16, tzinfo=UTC),
    ]


def test_a_text_with_its_own_offset_rules_over_the_zone() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%dT%H:%M:%S%z"], "time_zone": "America/New_York", "cutoff": "02:00"})
    table, issues = normalise(source_table(Date=["2026-03-08T01:30:00+05:30", "2026-03-08T02:30:00Z"]), rules)
    assert table.column("sold_at").to_pylist() == [
        datetime(2026, 3, 7, 20, tzinfo=UTC),
        datetime(2026, 3, 8, 2, 30, tzinfo=UTC),
    ]
    assert table.column("sale_date").to_pylist() == [date(2026, 3, 7), date(2026, 3, 8)]
    assert len(issues) == 0


def test_a_time_that_the_clocks_jumped_over_is_refused_and_one_that_came_twice_takes_the_first() -> None:
    texts = ["2026-03-29 01:59", "2026-03-29 02:30", "2026-03-29 03:00", "2026-10-25 02:30", "2026-10-25 03:00"]
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "Europe/Berlin"})
    table, issues = normalise(source_table(Date=texts), rules)
    assert table.column("sold_at").to_pylist() == [
        datetime(2026, 3, 29, 0, 59, tzinfo=UTC),
        None,
        datetime(2026, 3, 29, 1, 0, tzinfo=UTC),
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 0, tzinfo=UTC),
    ]
    assert issue_keys(issues) == [(1, "time-does-not-exist", "sale_date"), (3, "ambiguous-time", "sale_date")]
    first = issues.table().to_pylist()[0]
    assert (first["value"], first["detail"]) == ("2026-03-29 02:30", "Europe/Berlin")
    assert issues.rejected_mask(5).tolist() == [False, True, False, False, False]


def test_clocks_that_change_at_midnight_are_seen() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "America/Sao_Paulo"})
    _, issues = normalise(source_table(Date=["2018-11-04 00:30", "2018-02-17 23:30", "2018-11-03 23:59"]), rules)
    assert issue_keys(issues) == [(0, "time-does-not-exist", "sale_date"), (1, "ambiguous-time", "sale_date")]


def test_the_business_day_starts_at_the_cutoff_and_the_instant_does_not_move() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "Asia/Kolkata", "cutoff": "05:00"})
    table, _ = normalise(source_table(Date=["2026-03-02 04:59", "2026-03-02 05:00"]), rules)
    assert table.column("sale_date").to_pylist() == [date(2026, 3, 1), date(2026, 3, 2)]
    assert table.column("sold_at").to_pylist()[0] == datetime(2026, 3, 1, 23, 29, tzinfo=UTC)


def test_dates_without_a_time_ignore_cutoff_and_zone() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d"], "time_zone": "America/Sao_Paulo", "cutoff": "05:00"})
    table, issues = normalise(source_table(Date=["2018-11-04"]), rules)
    assert (table.column("sale_date").to_pylist(), table.column("sold_at").to_pylist()) == ([date(2018, 11, 4)], [None])
    assert len(issues) == 0


def test_a_file_with_only_midnight_times_has_dates_only() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"], "time_zone": "America/Sao_Paulo", "cutoff": "05:00"})
    source = source_table(Date=["2018-11-04 00:00", "2018-11-05 00:00", "", "junk"])
    assert all_times_midnight(source, rules)
    table, issues = normalise(source, rules, date_only=True)
    assert table.column("sale_date").to_pylist()[:2] == [date(2018, 11, 4), date(2018, 11, 5)]
    assert table.column("sold_at").null_count == 4
    assert issue_keys(issues) == [(3, "not-a-date", "sale_date")]


def test_one_other_time_late_in_the_block_makes_them_instants() -> None:
    rules = contract(dates={"formats": ["%Y-%m-%d %H:%M"]})
    texts = ["2026-01-01 00:00"] * 5000
    assert all_times_midnight(source_table(Date=texts), rules)
    assert not all_times_midnight(source_table(Date=[*texts, "2026-01-01 00:01"]), rules)
    assert all_times_midnight(source_table(Date=["2026-01-01"]), contract()) is None


def test_two_chunks_of_cells_are_one_column() -> None:
    source = pa.concat_tables([source_table(Date=["2026-01-01"]), source_table(Date=["2026-01-02"])])
    assert column("sale_date", source, contract()) == [date(2026, 1, 1), date(2026, 1, 2)]
