"""Dates written in any style read back equal, no cell breaks the parser, and ambiguous dates are never guessed."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from source_tables import contract, issue_keys, source_table

from examples import examples
from tillstream.contracts import contract_files
from tillstream.model.date_words import LANGUAGES
from tillstream.pipeline.normalising.date_formats import format_datetime
from tillstream.pipeline.normalising.normalise import normalise

DAYS = [
    "%d.%m.%Y",
    "%m/%d/%Y",
    "%Y年%m月%d日",
    "%d de %B de %Y",
    "%b %d, %Y",
    "%a %d %B %Y",
    "%d-%b-%y",
    "%y.%m.%d",
    "%Y%m%d",
]
CLOCKS = ["", " %H:%M", "_%H:%M:%S", "T%H:%M:%S.%f", " %I:%M:%S %p", " %H:%M:%S%z"]
STYLES = [day + clock for day in DAYS for clock in CLOCKS]
SHIPPED = sorted(
    {(one, c.dates.language) for c in contract_files.shipped_contracts().values() for one in c.dates.formats}
)
moments = st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31))  # noqa: DTZ001 - wall clock
clock_like = "([T _][0-9:.,]{1,12}(Z|[+-][0-9:]{2,6}| ?[AaPp][Mm])?)?"
date_like = st.from_regex("[0-9]{1,4}[./ 年-][0-9]{1,2}[./ 月-][0-9]{1,4}" + clock_like, fullmatch=True)
some_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | date_like


def _written_precision(moment: datetime, style: str) -> datetime | None:
    if "%H" not in style and "%I" not in style:
        return None
    kept = moment if "%f" in style else moment.replace(microsecond=0)
    return (kept if "%S" in style else kept.replace(second=0)).replace(tzinfo=UTC)


@settings(max_examples=examples(150))
@given(st.sampled_from(STYLES), st.sampled_from(LANGUAGES), st.lists(moments, min_size=1, max_size=5))
def test_any_moment_in_any_style_and_language_reads_back_equal(
    style: str, language: str, times: list[datetime]
) -> None:
    texts = [format_datetime(moment.replace(tzinfo=UTC), style, language) for moment in times]
    table, issues = normalise(source_table(Date=texts), contract(dates={"formats": [style], "language": language}))
    assert table.column("sale_date").to_pylist() == [moment.date() for moment in times]
    assert table.column("sold_at").to_pylist() == [_written_precision(moment, style) for moment in times]
    assert len(issues) == 0


@settings(max_examples=examples(100))
@given(st.sampled_from(SHIPPED), moments)
def test_any_day_in_a_style_of_a_shipped_contract_reads_back_equal(style: tuple[str, str], moment: datetime) -> None:
    text = format_datetime(moment.replace(tzinfo=UTC), *style)
    table, issues = normalise(source_table(Date=[text]), contract(dates={"formats": [style[0]], "language": style[1]}))
    assert (table.column("sale_date").to_pylist(), len(issues)) == ([moment.date()], 0)


@settings(max_examples=examples(150))
@given(
    st.lists(some_text, min_size=1, max_size=10),
    st.lists(st.sampled_from([*STYLES, "excel", "excel-1904"]), min_size=1, max_size=4, unique=True),
    st.sampled_from(LANGUAGES),
    st.sampled_from(["UTC", "Asia/Kolkata", "America/Sao_Paulo"]),
)
def test_any_cell_is_a_date_or_rejected(texts: list[str], formats: list[str], language: str, zone: str) -> None:
    dates = {"formats": formats, "language": language, "time_zone": zone, "cutoff": "03:00"}
    table, issues = normalise(source_table(Date=texts, Time=texts), contract({"time": "Time"}, dates=dates))
    read = table.column("sale_date").to_pylist()
    assert len(table.column("sold_at").to_pylist()) == len(texts)
    rows_with_issue = {row for row, _, column in issue_keys(issues) if column == "sale_date"}
    for row, text in enumerate(texts):
        assert read[row] is not None or row in rows_with_issue or not text.strip()


@settings(max_examples=examples(100))
@given(st.lists(st.dates(date(2020, 1, 1), date(2029, 12, 31)), min_size=1, max_size=12), st.booleans())
def test_a_column_of_one_order_is_never_read_in_the_other(days: list[date], month_first: bool) -> None:
    style = "%m/%d/%Y" if month_first else "%d/%m/%Y"
    rules = contract(dates={"formats": ["%d/%m/%Y", "%m/%d/%Y"]})
    table, issues = normalise(source_table(Date=[day.strftime(style) for day in days]), rules)
    read = table.column("sale_date").to_pylist()
    proved = any(day.day > 12 for day in days)
    for row, day in enumerate(days):
        sure = proved or day.day == day.month
        assert read[row] == (day if sure else None)
        assert ((row, "ambiguous-date", "sale_date") in issue_keys(issues)) is not sure


@settings(max_examples=examples(50))
@given(st.integers(61, 80_000), st.integers(0, 86_399))
def test_a_day_number_of_a_spreadsheet_is_its_day_and_second(number: int, second: int) -> None:
    text = f"{number + second / 86_400:.10f}"
    table, _ = normalise(source_table(Date=[text]), contract(dates={"formats": ["excel"]}))
    moment = datetime(1899, 12, 30, tzinfo=UTC) + timedelta(days=number, seconds=second)
    assert table.column("sale_date").to_pylist() == [moment.date()]
    at = table.column("sold_at").to_pylist()[0] or moment.replace(hour=0, minute=0, second=0)
    assert abs(at - moment) < timedelta(milliseconds=2)
