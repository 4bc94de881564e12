"""Messages of tills, the store sale and the day close: their versioned JSON schemas and their validation."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime, timedelta
from decimal import Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any

from tillstream.model import json_text
from tillstream.model.document_json import JsonObject
from tillstream.model.json_schemas import Violation, compile_acceptor, find_violations

STORE_SALE_V1 = "store-sale/1"
MAX_SALE_BYTES = 64 * 1024
"""Maximum size of a message, in bytes."""
TILL_CLOCK_TOLERANCE, LONG_AGO = timedelta(minutes=10), timedelta(days=366)
"""How far the clock of a till or device may be ahead, and the age at which a sale is one of long ago."""
_MAX_ERROR_LENGTH = 300
"""Maximum characters of one error, which repeats the invalid value."""
PRODUCT_PRECISION = 80
"""Decimal precision that holds the product of any two amounts."""
_TOO_LARGE = Decimal(10) ** 28
"""One digit less than a money column holds, so that a total plus its tax fits too."""

DAY_CLOSE_V1 = "day-close/1"
MAX_SALE_NUMBERS = 200_000
"""Maximum sale numbers of a day, with ranges expanded."""
_NUMBER_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


def _is_instant(value: str) -> bool:
    timestamp = datetime.fromisoformat(value)
    # In the first and last year a time zone or cutoff could move the business day out of the calendar.
    return timestamp.tzinfo is not None and MINYEAR < timestamp.year < MAXYEAR


_SALE_FORMATS = {"date-time": _is_instant}


def sale_time_warning(sold_at: datetime, received: datetime) -> str:
    """Problem code of a sale whose time does not fit the time of its receipt; empty if it fits."""
    late = received - sold_at
    if late < -TILL_CLOCK_TOLERANCE:
        return "clock-ahead"
    return "sold-long-ago" if late > LONG_AGO else ""


@cache
def store_sale_schema() -> JsonObject:
    text = resources.files("tillstream.model").joinpath("store-sale.v1.json").read_text(encoding="utf-8")
    loaded: JsonObject = json.loads(text)
    return loaded


@cache
def _accepts_sale() -> Callable[[Any], bool]:
    return compile_acceptor(store_sale_schema(), _SALE_FORMATS)


def decode_store_sale(text: str | bytes) -> tuple[Any, list[str]]:
    """The decoded message and its validation errors (none if it is a store sale). Never raises."""
    try:
        sale = json_text.decode_json(text)
        return sale, _sale_errors(sale, has_only_characters=isinstance(text, str) and _has_only_characters(text))
    except (json_text.NestedTooDeeply, RecursionError):
        return None, ["not a sale: nested too deeply"]
    except ValueError as error:
        return None, [f"not JSON: {error}"]


def store_sale_errors(sale: Any) -> list[str]:
    """Validation errors of a decoded message, each prefixed with its path; empty for a valid store sale."""
    return _sale_errors(sale, has_only_characters=False)


def _sale_errors(sale: Any, *, has_only_characters: bool) -> list[str]:
    messages = [] if _accepts_sale()(sale) else _violation_messages(sale)
    return messages or [*([] if has_only_characters else _encoding_errors(sale)), *_total_errors(sale)]


def _violation_messages(sale: Any) -> list[str]:
    violations = sorted(find_violations(sale, store_sale_schema(), _SALE_FORMATS), key=lambda violation: violation.path)
    return [
        f"{_violation_path(violation) or 'message'}: {_violation_message(violation)[:_MAX_ERROR_LENGTH]}"
        for violation in violations
    ]


def _violation_path(violation: Violation) -> str:
    """Where the violation is. Names in `extra` are free; a lone surrogate in one is escaped."""
    return ".".join(violation.path).encode(errors="backslashreplace").decode()


def _violation_message(violation: Violation) -> str:
    """The violation's message; plain words instead of the `name_pattern` pattern."""
    if violation.keyword == "pattern" and violation.limit == name_pattern():
        return "contains a line break, a NUL or another control character"
    return violation.message


def name_pattern() -> str:
    """The pattern of every name and number: a sale number, a store, a product."""
    pattern: str = store_sale_schema()["properties"]["number"]["pattern"]
    return pattern


def _has_only_characters(text: str) -> bool:
    """Whether the text certainly has no half of a character; some texts with escapes have none either."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\\u" not in text


def _encoding_errors(sale: Any) -> list[str]:
    """Lone surrogates, which JSON can escape but UTF-8 cannot encode."""
    try:
        json_text.encode_json(sale)
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate such as \\ud800)"]
    return []


def _total_errors(sale: JsonObject) -> list[str]:
    return [
        f"lines.{index}: quantity × unit_price is too large"
        for index, line in enumerate(sale["lines"])
        if "net_amount" not in line and _is_too_large(line["quantity"], line["unit_price"])
    ]


def _is_too_large(quantity: str, unit_price: str) -> bool:
    """Whether the product of two amounts has no place in a money column. Few digits are not multiplied."""
    if len(quantity) + len(unit_price) < _TOO_LARGE.adjusted():
        return False
    with localcontext(prec=PRODUCT_PRECISION):
        return abs(Decimal(quantity) * Decimal(unit_price)) >= _TOO_LARGE


@dataclass(frozen=True)
class CountedSale:
    """A sale of the day that the till closed, as it counts now. net: currency → sum of its lines."""

    number: str
    net: Mapping[str, Decimal]
    is_cancelled: bool = False


@dataclass(frozen=True)
class DayCloseComparison:
    """A day close compared with the sales that count. Amounts: (currency, total of the till, total that counts)."""

    missing: tuple[str, ...]
    """Sale numbers that do not count, as ranges."""
    sales: tuple[int, int]
    """Number of sales: of the till, and those that count."""
    totals: tuple[tuple[str, Decimal, Decimal], ...]
    """Totals that differ."""
    surplus: tuple[str, ...] = ()
    """Numbers of sales of the till that count and that the day close does not name, as ranges."""

    @property
    def agrees(self) -> bool:
        return not self.missing and not self.surplus and not self.totals and self.sales[0] == self.sales[1]


@cache
def day_close_schema() -> JsonObject:
    text = resources.files("tillstream.model").joinpath("day-close.v1.json").read_text(encoding="utf-8")
    loaded: JsonObject = json.loads(text)
    return loaded


def _is_date(value: str) -> bool:
    return date.fromisoformat(value).isoformat() == value


def is_day_close(message: Any) -> bool:
    """Whether a decoded message names the schema of a day close, valid or not."""
    return isinstance(message, dict) and message.get("schema") == DAY_CLOSE_V1


def day_close_errors(message: Any) -> list[str]:
    """Validation errors of a decoded message, each prefixed with its path; empty for a valid day close."""
    wrong = find_violations(message, day_close_schema(), {"date-time": _is_instant, "date": _is_date})
    errors = [f"{'.'.join(one.path) or 'message'}: {one.message[:300]}" for one in wrong]
    if errors:
        return errors
    try:
        json.dumps(message, ensure_ascii=False).encode()
        expand_numbers(message["numbers"])
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate such as \\ud800)"]
    except ValueError as error:
        return [f"numbers: {error}"]
    return []


def expand_numbers(numbers: Iterable[str]) -> list[str]:
    """Sale numbers of ranges, each once. Raises `ValueError` for a range that ends before it starts, or too many."""
    expanded: dict[str, None] = {}
    for entry in numbers:
        for number in _numbers_of_entry(entry):
            expanded[number] = None
            if len(expanded) > MAX_SALE_NUMBERS:
                raise ValueError(f"more than {MAX_SALE_NUMBERS:,} sale numbers")
    return list(expanded)


def _numbers_of_entry(entry: str) -> Iterator[str]:
    parts = _NUMBER_RANGE.fullmatch(entry)
    if parts is None:
        yield entry.removeprefix("=")
        return
    first, last = parts.groups()
    if len(first) != len(last) or int(first) > int(last):
        raise ValueError(f"{entry} is not a range of whole numbers of one length")
    for number in range(int(first), int(last) + 1):
        yield str(number).zfill(len(first))


def compact_numbers(numbers: Iterable[str]) -> tuple[str, ...]:
    """Ranges that `expand_numbers` turns back into these numbers."""
    texts = set(numbers)
    digits = {text for text in texts if text.isascii() and text.isdigit() and len(text) <= 18}
    runs: list[list[str]] = []
    for number in sorted(digits, key=lambda text: (len(text), text)):
        if runs and len(runs[-1][-1]) == len(number) and int(runs[-1][-1]) + 1 == int(number):
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    others = (
        f"={text}" if _NUMBER_RANGE.fullmatch(text) or text[:1] == "=" else text for text in sorted(texts - digits)
    )
    return (*("-".join(run) for run in runs), *others)


def compare_day_close(
    message: Mapping[str, Any], counted: Iterable[CountedSale], surplus: Iterable[str] = ()
) -> DayCloseComparison:
    """Compare a valid day close with sales that count; of others than it names, only `surplus` matters.

    surplus: numbers of sales of the till and day that count, and that no day close names.
    """
    numbers = expand_numbers(message["numbers"])
    by_number = {sale.number: sale for sale in counted}
    sales = [by_number[number] for number in numbers if number in by_number]
    active = [sale for sale in sales if not sale.is_cancelled]
    reported = {one["currency"]: Decimal(one["net"]) for one in message["totals"]}
    total: dict[str, Decimal] = {}
    with localcontext(prec=PRODUCT_PRECISION):
        for sale in active:
            for currency, net in sale.net.items():
                total[currency] = total.get(currency, Decimal(0)) + net
    pairs = (
        (name, reported.get(name, Decimal(0)), total.get(name, Decimal(0))) for name in sorted({*reported, *total})
    )
    return DayCloseComparison(
        compact_numbers(number for number in numbers if number not in by_number),
        (int(message["sales"]), len(active)),
        tuple(pair for pair in pairs if pair[1] != pair[2]),
        compact_numbers(surplus),
    )
