"""Whatever a source writes in its own style reads back as it was meant, and money never drifts."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal, localcontext
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from source_tables import column, contract, source_table

from tillstream.model.contract_sections import NumberStyle
from tillstream.pipeline.normalising.normalise import normalise
from tillstream.pipeline.normalising.number_columns import read_numbers
from tillstream.pipeline.rows.text_columns import NUMERIC, exact_sum

EXACT = Context(prec=120, rounding=ROUND_HALF_UP)
LARGEST = Decimal("99999999999999999999999999999.999999999")
STYLES = [
    NumberStyle(decimal=decimal, thousands=thousands, currency_signs=signs)
    for decimal in (".", ",")
    for thousands in ("", ",", ".", " ", "'")
    for signs in ((), ("€",), ("$", "US$"))
    if decimal != thousands
]
amounts = st.integers(-(10**38) + 1, 10**38 - 1).map(lambda units: EXACT.scaleb(Decimal(units), -9)) | st.decimals(
    -100_000, 100_000, places=2
)
small = st.decimals(-10_000_000, 10_000_000, places=9) | st.integers(-1000, 1000).map(Decimal)
anything = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=12)


def write(number: Decimal, style: NumberStyle, look: tuple[bool, str, int]) -> str:
    grouped, sign, wanted = look
    text = f"{number.copy_abs():{',' if grouped and style.thousands else ''}f}"
    text = text.replace(",", "\0").replace(".", style.decimal).replace("\0", style.thousands)
    if style.currency_signs:
        currency = style.currency_signs[wanted % len(style.currency_signs)]
        text = [text, f"{currency}{text}", f"{text} {currency}"][wanted % 3]
    if number < 0:
        return {"accounting": f"({text})", "trailing": f"{text}-"}.get(sign, f"-{text}")
    return f"+{text}" if sign == "plus" else text


looks = st.tuples(st.booleans(), st.sampled_from(["minus", "plus", "accounting", "trailing"]), st.integers(0, 5))


@given(st.sampled_from(STYLES), st.lists(st.tuples(amounts, looks), min_size=1, max_size=20))
def test_a_number_written_in_any_style_reads_back_equal(
    style: NumberStyle, written: list[tuple[Decimal, tuple[bool, str, int]]]
) -> None:
    texts = [write(number, style, look) for number, look in written]
    read = read_numbers(pa.array(texts), style)
    assert read.values.to_pylist() == [number for number, _ in written]
    assert not read.rounded.any()


scripts = st.sampled_from(["٠", "०", "০", "０", "𝟎"]).map(lambda zero: [chr(ord(zero) + digit) for digit in range(10)])
around = st.sampled_from(["{}", "\u200f{}", "\u2066{}\u2069", "\u202a{}\u202c"])


@given(st.sampled_from(STYLES), scripts, around, st.lists(st.tuples(amounts, looks), min_size=1, max_size=20))
def test_a_number_in_the_digits_of_another_script_reads_back_equal(
    style: NumberStyle, digits: list[str], around: str, written: list[tuple[Decimal, tuple[bool, str, int]]]
) -> None:
    letters = str.maketrans("0123456789-", "".join(digits) + "\u2212")
    texts = [around.format(write(number, style, look).translate(letters)) for number, look in written]
    assert read_numbers(pa.array(texts), style).values.to_pylist() == [number for number, _ in written]


@given(st.sampled_from(["\u00a0", "\u202f", "\u2009"]), st.lists(st.tuples(amounts, looks), min_size=1, max_size=20))
def test_a_number_grouped_by_any_space_reads_back_equal(
    space: str, written: list[tuple[Decimal, tuple[bool, str, int]]]
) -> None:
    style = NumberStyle(decimal=",", thousands=" ", currency_signs=("€",))
    texts = [write(number, style, look).replace(" ", space) for number, look in written]
    assert read_numbers(pa.array(texts), style).values.to_pylist() == [number for number, _ in written]


@given(st.lists(st.integers(0, 10**29 - 1), min_size=1, max_size=20))
def test_lakhs_and_crores_read_back_equal(numbers: list[int]) -> None:
    style = NumberStyle(thousands=",", currency_signs=("₹",))
    assert read_numbers(pa.array([f"₹{lakhs(number)}.00" for number in numbers]), style).values.to_pylist() == numbers


def lakhs(number: int) -> str:
    text = str(number)
    groups = [text[-3:]]
    for end in range(len(text) - 3, 0, -2):
        groups.insert(0, text[max(end - 2, 0) : end])
    return ",".join(groups)


@given(st.lists(st.decimals(-(10**25), 10**25, allow_nan=False), min_size=1, max_size=20))
def test_any_finite_number_is_kept_to_nine_decimals(numbers: list[Decimal]) -> None:
    read = read_numbers(pa.array([str(number) for number in numbers]), NumberStyle())
    expected = [number.quantize(Decimal("1e-9"), context=EXACT) for number in numbers]
    assert read.values.to_pylist() == expected
    changed = [near != number for near, number in zip(expected, numbers, strict=True)]
    assert read.rounded.tolist() == changed


@given(st.sampled_from(STYLES), st.lists(anything, min_size=1, max_size=10))
def test_no_text_breaks_the_reader_of_numbers_and_neighbours_stay_as_they_are(
    style: NumberStyle, texts: list[str]
) -> None:
    together = read_numbers(pa.array(texts), style)
    for place, text in enumerate(texts):
        alone = read_numbers(pa.array([text]), style)
        assert together.values[place].as_py() == alone.values[0].as_py()
        assert together.not_a_number[place] == alone.not_a_number[0]
        assert (alone.values[0].as_py() is None) == (alone.not_a_number[0] or alone.too_large[0])


DAY_FORMATS = ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%d %b %Y"]
TIME_FORMATS = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%H:%M:%S.%f"]
days = st.dates(date(1970, 1, 1), date(2037, 12, 31))


@given(st.sampled_from(DAY_FORMATS), st.lists(days, min_size=1, max_size=20))
def test_a_day_written_in_any_format_reads_back_equal(format: str, written: list[date]) -> None:
    source = source_table(Date=[day.strftime(format) for day in written])
    assert column("sale_date", source, contract(dates={"formats": [format]})) == written


@given(
    st.sampled_from(DAY_FORMATS),
    st.sampled_from(TIME_FORMATS),
    st.sampled_from(
        ["UTC", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
    ),
    st.times(),
    st.lists(st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)), min_size=1, max_size=20),  # noqa: DTZ001
)
def test_a_local_time_is_converted_by_its_zone_or_is_an_issue(
    day: str, clock: str, zone: str, cutoff: time, moments: list[datetime]
) -> None:
    style = f"{day} {clock}"
    texts = [moment.strftime(style) for moment in moments]
    dates = {"formats": [style], "time_zone": zone, "cutoff": cutoff.isoformat()}
    table, issues = normalise(source_table(Date=texts), contract(dates=dates))
    codes = {(row["index"], row["code"]) for row in issues.table().to_pylist()}
    for row, text in enumerate(texts):
        wall = datetime.strptime(text, style)  # noqa: DTZ007
        local = wall.replace(tzinfo=ZoneInfo(zone))
        exists = local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == wall
        twice = exists and local.utcoffset() != local.replace(fold=1).utcoffset()
        assert table.column("sold_at")[row].as_py() == (local.astimezone(UTC) if exists else None)
        assert ((row, "time-does-not-exist") in codes, (row, "ambiguous-time") in codes) == (not exists, twice)
        since_midnight = timedelta(hours=cutoff.hour, minutes=cutoff.minute, seconds=cutoff.second)
        expected = (wall - since_midnight - timedelta(microseconds=cutoff.microsecond)).date()
        assert table.column("sale_date")[row].as_py() == expected


@given(st.lists(st.tuples(small, small, st.none() | small), min_size=1, max_size=20))
def test_money_never_drifts(lines: list[tuple[Decimal, Decimal, Decimal | None]]) -> None:
    source = source_table(
        Qty=[f"{quantity:f}" for quantity, _, _ in lines],
        Price=[f"{price:f}" for _, price, _ in lines],
        Off=["" if off is None else f"{off:f}" for _, _, off in lines],
    )
    exact = [EXACT.subtract(EXACT.multiply(quantity, price), off or Decimal(0)) for quantity, price, off in lines]
    expected = [total.quantize(Decimal("1e-9"), context=EXACT) for total in exact]
    assert column("net_amount", source, contract({"discount": "Off"})) == expected


@pytest.mark.parametrize("wide", [False, True])
@given(st.data())
def test_money_beyond_the_fast_ways_does_not_drift_either(wide: bool, data: st.DataObject) -> None:
    digits = st.decimals(-(10**14 if wide else 10**9), 10**14 if wide else 10**9, places=9)
    quantity, price = data.draw(digits), data.draw(digits)
    exact = EXACT.multiply(quantity, price).quantize(Decimal("1e-9"), context=EXACT)
    source = source_table(Qty=[f"{quantity:f}", "1"], Price=[f"{price:f}", "1"])
    expected = exact if exact.copy_abs() <= LARGEST else None
    assert column("net_amount", source, contract()) == [expected, Decimal(1)]


headers = st.text(min_size=1, max_size=6).filter(lambda name: name not in {"No", "Date", "Qty", "Price"})


@given(st.dictionaries(headers, st.lists(anything, min_size=4, max_size=4), max_size=5))
def test_extra_parses_back_to_what_the_other_columns_held(columns: dict[str, list[str]]) -> None:
    read = column("extra", source_table(No=["1"] * 4, **columns), contract())
    for row, text in enumerate(read):
        held = {name: values[row].strip() for name, values in columns.items() if values[row].strip()}
        assert (None if text is None else json.loads(text)) == (held or None)
        if text is not None:
            assert list(json.loads(text)) == list(held)


@given(st.lists(st.none() | amounts, max_size=20), st.integers(0, 3))
def test_a_sum_of_any_amounts_is_exact(values: list[Decimal | None], start: int) -> None:
    total = exact_sum(pa.array(values, NUMERIC)[start:])
    present = [value for value in values[start:] if value is not None]
    with localcontext(prec=120):
        assert total == (sum(present, Decimal(0)) if present else None)
