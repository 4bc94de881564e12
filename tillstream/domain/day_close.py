"""The day close message: its versioned JSON schema, its validation, and its comparison with the sales that count."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date, datetime
from decimal import Decimal, localcontext
from functools import cache
from importlib import resources
from typing import Any

from tillstream.domain.json_schemas.violations import Violation, compile_schema
from tillstream.domain.store_sale import PRODUCT_PRECISION

SCHEMA_V1 = "day-close/1"
MAX_NUMBERS = 200_000
"""Maximum sale numbers of a day, with ranges expanded."""
_RANGE = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True)
class CountedSale:
    """A sale of the day that the till closed, as it counts now. net: currency → sum of its lines."""

    number: str
    net: Mapping[str, Decimal]
    is_cancelled: bool = False


@dataclass(frozen=True)
class Comparison:
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
def schema() -> dict[str, Any]:
    text = resources.files("tillstream.domain").joinpath("day-close.v1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


@cache
def _violations() -> Callable[[Any], list[Violation]]:
    return compile_schema(schema(), {"date-time": _is_instant, "date": _is_date})


def _is_instant(value: str) -> bool:
    timestamp = datetime.fromisoformat(value)
    return timestamp.tzinfo is not None and MINYEAR < timestamp.year < MAXYEAR


def _is_date(value: str) -> bool:
    return date.fromisoformat(value).isoformat() == value


def is_day_close(message: Any) -> bool:
    """Whether a decoded message names the schema of a day close, valid or not."""
    return isinstance(message, dict) and message.get("schema") == SCHEMA_V1


def validation_errors(message: Any) -> list[str]:
    """Validation errors of a decoded message, each prefixed with its path; empty for a valid day close."""
    errors = [f"{'.'.join(one.path) or 'message'}: {one.message[:300]}" for one in _violations()(message)]
    if errors:
        return errors
    try:
        json.dumps(message, ensure_ascii=False).encode()
        expand(message["numbers"])
    except UnicodeEncodeError:
        return ["message: contains half of a character (a lone surrogate such as \\ud800)"]
    except ValueError as error:
        return [f"numbers: {error}"]
    return []


def expand(numbers: Iterable[str]) -> list[str]:
    """Sale numbers of ranges, each once. Raises `ValueError` for a range that ends before it starts, or too many."""
    expanded: dict[str, None] = {}
    for entry in numbers:
        for number in _numbers(entry):
            expanded[number] = None
            if len(expanded) > MAX_NUMBERS:
                raise ValueError(f"more than {MAX_NUMBERS:,} sale numbers")
    return list(expanded)


def _numbers(entry: str) -> Iterator[str]:
    parts = _RANGE.fullmatch(entry)
    if parts is None:
        yield entry.removeprefix("=")
        return
    first, last = parts.groups()
    if len(first) != len(last) or int(first) > int(last):
        raise ValueError(f"{entry} is not a range of whole numbers of one length")
    for number in range(int(first), int(last) + 1):
        yield str(number).zfill(len(first))


def compact(numbers: Iterable[str]) -> tuple[str, ...]:
    """Ranges that `expand` turns back into these numbers."""
    texts = set(numbers)
    digits = {text for text in texts if text.isascii() and text.isdigit() and len(text) <= 18}
    runs: list[list[str]] = []
    for number in sorted(digits, key=lambda text: (len(text), text)):
        if runs and len(runs[-1][-1]) == len(number) and int(runs[-1][-1]) + 1 == int(number):
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    others = (f"={text}" if _RANGE.fullmatch(text) or text[:1] == "=" else text for text in sorted(texts - digits))
    return (*("-".join(run) for run in runs), *others)


def compare(message: Mapping[str, Any], counted: Iterable[CountedSale], surplus: Iterable[str] = ()) -> Comparison:
    """Compare a valid day close with sales that count; of others than it names, only `surplus` matters.

    surplus: numbers of sales of the till and day that count, and that no day close names.
    """
    numbers = expand(message["numbers"])
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
    return Comparison(
        compact(number for number in numbers if number not in by_number),
        (int(message["sales"]), len(active)),
        tuple(pair for pair in pairs if pair[1] != pair[2]),
        compact(surplus),
    )
