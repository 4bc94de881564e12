"""Numbers as a source writes them become exact decimals, or are refused with the reason."""

from decimal import Decimal

import pyarrow as pa
import pytest
from source_tables import column, contract, issue_keys, source_table

from tillstream.model.contract_sections import NumberStyle
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.number_columns import ParsedNumbers, read_numbers

POINT = NumberStyle()
ENGLISH = NumberStyle(thousands=",", currency_signs=("$", "US$"))
GERMAN = NumberStyle(decimal=",", thousands=".", currency_signs=("€",))
FRENCH = NumberStyle(decimal=",", thousands=" ")
INDIAN = NumberStyle(thousands=",", currency_signs=("₹", "Rs."))
JAPANESE = NumberStyle(thousands=",", currency_signs=("￥", "円"))
SWISS = NumberStyle(thousands="'")


def read(style: NumberStyle, *texts: str | None) -> ParsedNumbers:
    return read_numbers(pa.array(texts, pa.string()), style)


def value(style: NumberStyle, text: str) -> Decimal | None:
    """Read alone, and among cells that disable the fast paths: the results must be equal."""
    alone = read(style, text)
    among_others = read(style, "no number", text, None, "7")
    assert (alone.not_a_number[0], alone.too_large[0], alone.rounded[0]) == (
        among_others.not_a_number[1],
        among_others.too_large[1],
        among_others.rounded[1],
    )
    assert alone.values[0].as_py() == among_others.values[1].as_py()
    assert among_others.values.to_pylist()[2:] == [None, Decimal(7)]
    assert among_others.not_a_number.tolist()[::2] == [True, False]
    return alone.values[0].as_py()


@pytest.mark.parametrize(
    ("style", "text", "number"),
    [
        (POINT, "12", "12"),
        (POINT, "+12.5", "12.5"),
        (POINT, "-0.000000001", "-0.000000001"),
        (POINT, ".5", "0.5"),
        (POINT, "5.", "5"),
        (POINT, "007.10", "7.1"),
        (POINT, "-0", "0"),
        (POINT, "(12.00)", "-12"),
        (POINT, "12-", "-12"),
        (POINT, "1.5E3", "1500"),
        (POINT, "1e-9", "0.000000001"),
        (POINT, "0e99", "0"),
        (POINT, "1.5000000000000", "1.5"),
        (POINT, "9" * 29 + "." + "9" * 9, "9" * 29 + "." + "9" * 9),
        (POINT, "-" + "9" * 29 + "." + "9" * 9, "-" + "9" * 29 + "." + "9" * 9),
        (POINT, "0" * 60 + "1", "1"),
        (ENGLISH, "1,234.50", "1234.5"),
        (ENGLISH, "1234.50", "1234.5"),
        (ENGLISH, "12,345,678", "12345678"),
        (ENGLISH, "1,23,45,678.9", "12345678.9"),
        (ENGLISH, "$1,234.50", "1234.5"),
        (ENGLISH, "-$5", "-5"),
        (ENGLISH, "$-5", "-5"),
        (ENGLISH, "($5.00)", "-5"),
        (ENGLISH, "US$ 7", "7"),
        (ENGLISH, "1,234.5-", "-1234.5"),
        (GERMAN, "1.234,50", "1234.5"),
        (GERMAN, "12,5", "12.5"),
        (GERMAN, "1.234,50\u00a0€", "1234.5"),
        (GERMAN, "-12,5 €", "-12.5"),
        (GERMAN, "1,5e3", "1500"),
        (FRENCH, "1 234,5", "1234.5"),
        (FRENCH, "1\u202f234,5", "1234.5"),
        (FRENCH, "1\u00a0234\u00a0567", "1234567"),
        (FRENCH, "1\u2009234,50", "1234.5"),
        (POINT, "\u22125.20", "-5.2"),
        (POINT, "5.20\u2212", "-5.2"),
        (POINT, "\u20135", "-5"),
        (POINT, "- 5", "-5"),
        (POINT, "( 5.00 )", "-5"),
        (POINT, "１２．５", "12.5"),
        (POINT, "－１２", "-12"),
        (POINT, "（１２）", "-12"),
        (POINT, "१२३", "123"),
        (POINT, "\u200f٥٠", "50"),
        (ENGLISH, "- $5", "-5"),
        (ENGLISH, "１，２３４．５０", "1234.5"),
        (ENGLISH, "＄１２", "12"),
        (ENGLISH, "١٬٢٣٤٫٥٠", "1234.5"),
        (INDIAN, "₹1,23,456.00", "123456"),
        (INDIAN, "₹ 12,34,567.5", "1234567.5"),
        (INDIAN, "Rs. 99,999", "99999"),
        (JAPANESE, "￥1,200", "1200"),
        (JAPANESE, "￥１，２００", "1200"),
        (JAPANESE, "1,200円", "1200"),
        (GERMAN, "１．２３４，５０ €", "1234.5"),
        (SWISS, "1'234.5", "1234.5"),
        (SWISS, "1’234.5", "1234.5"),
        (SWISS, "39.-", "39"),
        (SWISS, "1'039.–", "1039"),
        (SWISS, "-39.—", "-39"),
        (SWISS, "39-", "-39"),
        (GERMAN, "1.039,-", "1039"),
        (GERMAN, "39,-- €", "39"),
        (GERMAN, "39,00-", "-39"),
        (JAPANESE, "△1,200円", "-1200"),
        (JAPANESE, "▲ 1,200", "-1200"),
    ],
)
def test_a_number_is_read_exactly(style: NumberStyle, text: str, number: str) -> None:
    assert value(style, text) == Decimal(number)
    assert not read(style, text).rounded[0]


REFUSED = (
    (POINT, ("x", "1,5", "1 5", "1_000", "--1", "+-1", "-(1)", "(-1)", "(1", "1)", "1-2", "-1-", ".", "-", "+", "()")),
    (POINT, ("e5", "1e", "1e5-", "1.2.3", "0x1F", "nan", "inf", "5²", "½", "①", "十二", "$5", "5%")),
    (ENGLISH, ("1,23", "1,2345", ",123", "0,123", "1,234,56", "1,,234", "$-$5", "$", "5$5", "$5$", "1.234,5")),
    (GERMAN, ("1.23", "0.123", "1.5,0", "1,234.5", "12.34.567,8 $")),
    (FRENCH, ("1 23", "1.5", "1  234")),
    (NumberStyle(decimal=","), ("1.5", "1.234,5")),
)


@pytest.mark.parametrize(("style", "text"), [(style, text) for style, texts in REFUSED for text in texts])
def test_what_a_strict_reader_would_not_take_is_no_number(style: NumberStyle, text: str) -> None:
    assert value(style, text) is None
    assert read(style, text).not_a_number[0]


@pytest.mark.parametrize(
    "text",
    [
        "1" + "0" * 29,
        "758269801341105616701139124722",
        "5" * 31,
        "-" + "9" * 40,
        "1e29",
        "1e999999999",
        "9" * 29 + ".9999999999",
    ],
)
def test_a_number_beyond_29_digits_is_too_large_and_never_wraps(text: str) -> None:
    assert value(POINT, text) is None
    assert read(POINT, text).too_large[0]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.1234567895", "1.12345679"),
        ("-1.1234567895", "-1.12345679"),
        ("1.12345678949999999999", "1.123456789"),
        ("0.30000000000000004", "0.3"),
        ("317.475874933038", "317.475874933"),
        ("0.0000000005", "0.000000001"),
        ("-0.0000000005", "-0.000000001"),
        ("1e-10", "0"),
        ("1e-999999999", "0"),
        ("12345678901234567890.12345678955", "12345678901234567890.12345679"),
        ("12345678901234567890.1234567885", "12345678901234567890.123456789"),
        ("-1.1234567885e0", "-1.123456789"),
        ("0." + "1" * 60, "0.111111111"),
    ],
)
def test_more_than_nine_decimals_are_rounded_half_away_from_zero_with_a_warning(text: str, number: str) -> None:
    assert value(POINT, text) == Decimal(number)
    assert read(POINT, text).rounded[0]


def test_one_bad_cell_refuses_its_own_row_and_no_other() -> None:
    source = source_table(Price=["5.00", "abc", "", " 7 ", "1e40", "0.12345678901"])
    table, issues = normalise(source, contract())
    assert table.column("unit_price").to_pylist() == [5, None, None, 7, None, Decimal("0.123456789")]
    assert issue_keys(issues) == [
        (1, "not-a-number", "unit_price"),
        (4, "number-too-large", "unit_price"),
        (5, "rounded", "unit_price"),
    ]
    assert issues.rejected_mask(6).tolist() == [False, True, False, False, True, False]


def test_a_rejected_number_shows_its_text_and_the_expected_format() -> None:
    _, issues = normalise(source_table(Price=[" 1,23 "]), contract(numbers={"thousands": ",", "decimal": "."}))
    row = issues.table().to_pylist()[0]
    assert (row["value"], row["detail"]) == ("1,23", "; example of the expected format: 1,234.50")


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("5%", ": a percentage is not an amount"),
        ("٪5", ": a percentage is not an amount"),
        ("£5", ": the data source does not use its currency sign"),
        ("-5 €", ": the data source does not use its currency sign"),
        ("five", "; example of the expected format: 1234.50"),
    ],
)
def test_a_rejected_number_has_a_reason(text: str, detail: str) -> None:
    table, issues = normalise(source_table(Price=[text, "1"]), contract(numbers={"currency_signs": ["$"]}))
    rows = issues.table().to_pylist()
    assert [(row["code"], row["value"], row["detail"]) for row in rows] == [("not-a-number", text, detail)]
    assert table.column("net_amount").to_pylist() == [None, 2]


def test_a_word_for_missing_is_no_number_and_no_problem() -> None:
    table, issues = normalise(source_table(Price=["-", "n/a", "3"]), contract(missing=["-", "n/a"]))
    assert table.column("unit_price").to_pylist() == [None, None, 3]
    assert len(issues) == 0


def test_a_version_is_a_whole_number() -> None:
    rules = contract({"source_version": "Rev"})
    table, issues = normalise(source_table(Rev=["1", "2.0", "", "2.5", "x", "99999999999999999999"]), rules)
    assert table.column("source_version").to_pylist() == [1, 2, None, None, None, None]
    assert issue_keys(issues) == [(row, "not-a-number", "source_version") for row in (3, 4, 5)]


def test_cells_that_are_a_slice_of_a_larger_table_read_the_same() -> None:
    spaced, tight = source_table(Price=["bad", " 1.25", "3", "x"]), source_table(Price=["bad", "", "3", "", "4", "x"])
    assert column("unit_price", spaced.slice(1, 2), contract()) == [Decimal("1.25"), Decimal(3)]
    assert column("unit_price", tight.slice(1, 4), contract()) == [None, Decimal(3), None, Decimal(4)]


def test_no_input_rows_give_no_rows() -> None:
    table, issues = normalise(source_table(Price=["1"]).slice(0, 0), contract())
    assert (table.num_rows, len(issues)) == (0, 0)
