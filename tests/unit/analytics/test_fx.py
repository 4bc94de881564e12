"""Exchange rates: the files they come in, what is refused, and the daily factors into the reporting currency."""

import sys
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from tillstream.analytics.fx import rate_files as fx_rates
from tillstream.analytics.fx.daily_factors import daily_rates
from tillstream.model.errors import Rejected

ECB = b"""Date,USD,GBP,INR,
2024-01-04,1.0953,0.86278,91.18,
2024-01-03,1.0919,N/A,90.97,
2024-01-02,1.0956,0.86645,,
"""
Rates = dict[tuple[str, str], str]


def rates_of(table: pa.Table) -> Rates:
    return {(str(row["rate_date"]), row["currency"]): f"{row['per_euro'].normalize():f}" for row in table.to_pylist()}


def long(*rows: str, header: str = "date,currency,rate,base") -> bytes:
    return "\n".join([header, *rows]).encode()


def rates(**by_currency: dict[str, str]) -> pa.Table:
    return fx_rates.parse_rates(
        long(*(f"{day},{code},{rate}," for code, days in by_currency.items() for day, rate in days.items()))
    )


def factors(table: pa.Table) -> dict[tuple[str, str], Decimal]:
    return {(str(row["sale_date"]), row["currency"]): row["factor"] for row in table.to_pylist()}


def test_the_form_of_the_central_bank_is_read_whatever_is_missing() -> None:
    assert rates_of(fx_rates.parse_rates(ECB)) == {
        ("2024-01-02", "USD"): "1.0956",
        ("2024-01-02", "GBP"): "0.86645",
        ("2024-01-03", "USD"): "1.0919",
        ("2024-01-03", "INR"): "90.97",
        ("2024-01-04", "USD"): "1.0953",
        ("2024-01-04", "GBP"): "0.86278",
        ("2024-01-04", "INR"): "91.18",
    }


def test_rates_come_sorted_by_day_and_currency_with_the_columns_of_their_table() -> None:
    table = fx_rates.parse_rates(ECB)
    keys = list(zip(table["rate_date"].to_pylist(), table["currency"].to_pylist(), strict=True))
    assert keys == sorted(keys)
    assert table.schema == fx_rates.RATES_SCHEMA


@pytest.mark.parametrize(
    "data", [ECB.decode(), b"\xef\xbb\xbf" + ECB, ECB.replace(b"\n", b"\r\n"), b"# a comment\n\n" + ECB]
)
def test_marks_line_ends_comments_and_blank_lines_change_nothing(data: bytes) -> None:
    assert fx_rates.parse_rates(data).equals(fx_rates.parse_rates(ECB))


def test_the_simple_form_is_in_units_for_one_euro_unless_it_names_a_base() -> None:
    data = long("2024-01-02,USD,1.0956", "2024-01-02,GBP,0.86645", header="Date,Currency,Rate")
    assert rates_of(fx_rates.parse_rates(data)) == {("2024-01-02", "USD"): "1.0956", ("2024-01-02", "GBP"): "0.86645"}


def test_a_rate_against_another_base_goes_through_the_base_of_the_same_day() -> None:
    data = long("2024-01-02,INR,83.2,USD", "2024-01-02,USD,1.1,EUR", "2024-01-02,USD,1,USD", "2024-01-02,EUR,1,")
    assert rates_of(fx_rates.parse_rates(data)) == {("2024-01-02", "USD"): "1.1", ("2024-01-02", "INR"): "91.52"}


def test_euros_for_one_unit_of_the_base_give_the_rate_of_the_base() -> None:
    data = long("2024-01-02,EUR,0.9,USD", "2024-01-02,GBP,0.8,USD")
    assert rates_of(fx_rates.parse_rates(data)) == {
        ("2024-01-02", "USD"): "1.111111111",
        ("2024-01-02", "GBP"): "0.888888889",
    }


def test_the_base_may_be_known_already() -> None:
    data = long("2024-01-03,INR,83,USD")
    assert rates_of(fx_rates.parse_rates(data, existing=fx_rates.parse_rates(ECB))) == {
        ("2024-01-03", "INR"): "90.6277"
    }
    with pytest.raises(Rejected, match=r"line 2, base: “USD”: there is no rate of USD to the euro on 2024-01-03"):
        fx_rates.parse_rates(data)


def test_more_than_nine_decimals_are_rounded_half_away_from_zero() -> None:
    assert rates_of(fx_rates.parse_rates(long("2024-01-02,USD,1.0000000005,"))) == {
        ("2024-01-02", "USD"): "1.000000001"
    }


def test_the_same_rate_twice_is_one_rate() -> None:
    assert fx_rates.parse_rates(long("2024-01-02,USD,1.1,", "2024-01-02,USD,1.10,")).num_rows == 1


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (ECB.replace(b"0.86278", b"0,86278"), "line 2: the row has 6 cells, but the header has 4"),
        (ECB.replace(b"0.86278", b"zero"), "rates, line 2, GBP: “zero”: a rate is a number above 0"),
        (ECB.replace(b"90.97", b"-90.97"), "rates, line 3, INR: “-90.97”"),
        (ECB.replace(b"90.97", b"0.0"), "rates, line 3, INR: “0.0”"),
        (ECB.replace(b"90.97", b"1e3"), "rates, line 3, INR: “1e3”"),
        (ECB.replace(b"90.97", b"nan"), "rates, line 3, INR: “nan”"),
        (ECB.replace(b"2024-01-03", b"03.01.2024"), "rates, line 3, date: “03.01.2024”: not a date in the format"),
        (ECB.replace(b"2024-01-03", b"2024-02-30"), "rates, line 3, date: “2024-02-30”"),
        (ECB.replace(b"2024-01-03", b"2024-1-3"), "rates, line 3, date: “2024-1-3”"),
        (
            ECB.replace(b"2024-01-03", b"2024-01-04"),
            "rates, line 3, USD: “1.0953”: the file has another rate for 2024-01-0",
        ),
        (ECB.replace(b"GBP", b"USD"), "a currency occurs twice in the header"),
        (ECB.replace(b"Date", b"Day"), "is not a file of rates"),
        (ECB.replace(b"GBP", b"Pound"), "is not a file of rates"),
        (b"", "contains no rates"),
        (b"Date,USD\n", "contains no rates"),
        (b"Date,USD\n2024-01-02,\xff\n", "not text in UTF-8"),
        (b'Date,USD\n2024-01-02,"1.1\n', "line 2"),
        (long("2024-01-02,usd,1.1,"), "line 2, currency: “usd”"),
        (long("2024-01-02,USD,1.1,Euro"), "line 2, base: “Euro”"),
        (long("", "2024-01-02,USD,,"), "line 3, rate: “”"),
        (long("2024-01-02,EUR,1.1,"), "line 2, currency: “EUR”: the rate of the euro to itself is 1"),
        (long("2024-01-02,USD,1.1,USD"), "line 2, rate: “1.1”: the rate of USD to itself is 1"),
        (
            long("2024-01-02,EUR,90000000000,USD"),
            "line 2, rate: “90000000000”: the rate to the euro is less than a billionth",
        ),
        (long("2024-01-02,USD,1.1,", "2024-01-02,USD,1.2,"), "line 3, USD: “1.2”: the file has another rate"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_column_and_value(data: bytes, message: str) -> None:
    with pytest.raises(Rejected) as refusal:
        fx_rates.parse_rates(data)
    assert message in str(refusal.value)


def test_monthly_rates_ship_since_2003() -> None:
    table = fx_rates.shipped_rates()
    by_date = rates_of(table)
    assert {"USD", "GBP", "INR", "JPY", "BRL", "CAD", "AUD", "CHF", "CNY", "SEK", "PLN"} <= {
        code for _, code in by_date
    }
    assert min(day for day, _ in by_date) <= "2003-01-01"
    assert min(day for day, code in by_date if code == "INR").startswith("2009-01")
    dollars = sorted(day[:7] for day, code in by_date if code == "USD")
    assert len(dollars) == len(set(dollars))
    assert by_date["2010-12-01", "USD"] == "1.3115"
    covered = factors(daily_rates(table, "USD", date(2003, 1, 6)))
    assert covered["2003-01-06", "GBP"] > 1


@pytest.mark.shared
def test_the_whole_history_of_the_central_bank_is_read(shared_data: Path) -> None:
    table = fx_rates.parse_rates((shared_data / "fx" / "eurofxref-hist.csv").read_bytes())
    assert pc.count_distinct(table["rate_date"]).as_py() == 6983
    shipped = fx_rates.shipped_rates()
    by_date = rates_of(table.filter(pc.is_in(table["rate_date"], shipped["rate_date"].combine_chunks())))
    assert [by_date["2010-12-01", code] for code in ("USD", "GBP", "INR")] == ["1.3115", "0.8393", "59.4664"]
    assert rates_of(shipped).items() <= by_date.items()


def test_a_rate_holds_until_the_next_one_and_not_before_the_first() -> None:
    table = rates(USD={"2024-01-05": "1.1", "2024-01-08": "1.2"}, GBP={"2024-01-06": "0.88"})
    by_date = factors(daily_rates(table, "USD", date(2024, 1, 9)))
    days = ["2024-01-05", "2024-01-06", "2024-01-07", "2024-01-08", "2024-01-09"]
    assert [by_date.get((day, "EUR")) for day in days] == [Decimal(one) for one in ("1.1", "1.1", "1.1", "1.2", "1.2")]
    assert [by_date.get((day, "GBP")) for day in days] == [
        None,
        Decimal("1.25"),
        Decimal("1.25"),
        Decimal("1.363636364"),
        Decimal("1.363636364"),
    ]
    assert [by_date[day, "USD"] for day in days] == [Decimal(1)] * 5
    assert len(by_date) == 14


def test_a_currency_waits_for_the_reporting_currency_whose_own_factor_is_always_1() -> None:
    table = rates(USD={"2024-01-01": "1.1"}, INR={"2024-01-03": "90"})
    by_date = factors(daily_rates(table, "INR", date(2024, 1, 3)))
    assert by_date == {
        ("2024-01-01", "INR"): Decimal(1),
        ("2024-01-02", "INR"): Decimal(1),
        ("2024-01-03", "INR"): Decimal(1),
        ("2024-01-03", "EUR"): Decimal(90),
        ("2024-01-03", "USD"): Decimal("81.818181818"),
    }


def test_the_euro_can_be_the_reporting_currency() -> None:
    by_date = factors(daily_rates(rates(USD={"2024-01-01": "1.25"}), "EUR", date(2024, 1, 1)))
    assert by_date == {("2024-01-01", "EUR"): Decimal(1), ("2024-01-01", "USD"): Decimal("0.8")}


def test_rates_after_the_last_requested_day_are_ignored() -> None:
    table = rates(USD={"2024-01-01": "1.25", "2024-01-03": "1.5"}, GBP={"2024-01-03": "0.9"})
    assert factors(daily_rates(table, "USD", date(2024, 1, 2)))["2024-01-02", "EUR"] == Decimal("1.25")
    assert daily_rates(table, "USD", date(2023, 12, 31)).num_rows == 0
    assert daily_rates(fx_rates.RATES_SCHEMA.empty_table(), "USD", date(2024, 1, 1)).num_rows == 0


def test_an_unknown_reporting_currency_converts_only_itself() -> None:
    by_date = factors(daily_rates(rates(USD={"2024-01-01": "1.25"}), "XXX", date(2024, 1, 1)))
    assert by_date == {("2024-01-01", "XXX"): Decimal(1)}


def test_factors_are_exact_quotients_of_any_size() -> None:
    table = rates(TRL={"2024-01-01": "99999999999999"}, USD={"2024-01-01": "1.3"}, JPY={"2024-01-01": "0.000000007"})
    by_date = factors(daily_rates(table, "JPY", date(2024, 1, 1)))
    assert by_date["2024-01-01", "USD"] == Decimal("0.000000005")
    by_date = factors(daily_rates(table, "TRL", date(2024, 1, 1)))
    with localcontext(prec=60):
        exact = (Decimal(99999999999999) / Decimal("0.000000007")).quantize(Decimal("1e-9"), ROUND_HALF_UP)
    assert by_date["2024-01-01", "JPY"] == exact


def _calls_of_daily(currencies: int, count: int) -> int:
    """How many functions of Python are called to compute the rates of currencies over days."""
    days = [date(1999, 1, 4) + timedelta(days=offset) for offset in range(count)]
    codes = [f"C{chr(65 + number // 26)}{chr(65 + number % 26)}" for number in range(currencies)]
    columns = {
        "rate_date": pa.array([day for day in days for _ in codes], pa.date32()),
        "currency": pa.array(codes * len(days)),
        "per_euro": pa.array(range(10_001, 10_001 + currencies * count), pa.int64()).cast(pa.decimal128(38, 9)),
    }
    rates, calls = pa.table(columns, schema=fx_rates.RATES_SCHEMA), 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        table = daily_rates(rates, "CAA", days[-1])
    finally:
        sys.setprofile(before)
    assert table.num_rows == (currencies + 1) * count
    assert table.group_by(["sale_date", "currency"]).aggregate([]).num_rows == table.num_rows
    return calls


def test_the_work_for_many_currencies_and_days_grows_with_their_rates_only() -> None:
    assert _calls_of_daily(42, 300) < 1.2 * 10 * _calls_of_daily(42, 30)
    assert _calls_of_daily(42, 300) < 1.2 * 7 * _calls_of_daily(6, 300)
    assert _calls_of_daily(42, 300) < 2 * 42 * 300
