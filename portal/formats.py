"""Template filters that format numbers, dates and texts in backticks."""

import re
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask
from markupsafe import Markup, escape

from portal.reader_locale import day_text, days_text, decimal, exact, is_written, month_text, percent
from portal.translation import N_, _, ngettext
from tillstream.model.errors import Rejected
from tillstream.model.money import minor_digits, price_digits, round_amount, round_to_digits

MARK = re.compile(r"`([^`]+)`")

NOTHING = Markup('<span class="none" title="Nothing to show">–</span>')
GROWTH = Markup(
    '<span class="growth {}"><span aria-hidden="true">{}</span> <span class="visually-hidden">{}</span> {}</span>'
)
ROUNDED_FROM = 10_000
DIRECTIONS = {1: ("up", "▲", N_("up")), -1: ("down", "▼", N_("down")), 0: ("same", "=", N_("the same"))}


def marked(text: str) -> Markup:
    """Escaped HTML, with the parts in backticks as code elements."""
    return Markup(MARK.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped first


def register_inline_code(app: Flask) -> None:
    app.add_template_filter(marked)


def count(value: Any) -> Markup:
    """1240 → 1,240; decimals only if the value has some; NaN and Infinity as they are."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    return _data(number, exact(number)) if number.is_finite() else Markup.escape(number)


def money(value: Any, currency: str) -> Markup:
    """Rounded to the minor unit of the currency; its code is in the column header."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    return _data(number, decimal(round_amount(number, currency), minor_digits(currency)))


def amount_words(value: Any, currency: str) -> str:
    """As `money`, with the currency, for a sentence; a figure without a currency as a number."""
    return f"{money(value, currency).striptags()} {currency}" if currency else decimal(value)


def price(value: Any, currency: str) -> Markup:
    """A price or cost of one unit, which may have more decimals than its currency."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    places = price_digits(number, currency)
    return _data(number, decimal(round_to_digits(number, places), places))


def rounded(value: Any, currency: str = "", like: Any = 0) -> Markup:
    """1,240,000 → 1.24 M, with the exact number as title; below 10,000 as it is, unless `like`, the largest number of
    its column, is above. `currency` only of an amount.
    """
    if value is None:
        return NOTHING
    exact = money(value, currency) if currency else count(value)
    number = Decimal(str(value))
    if max(abs(number), abs(Decimal(like))) < ROUNDED_FROM:
        return exact
    title = f"{exact.striptags()} {currency}".strip()
    return Markup('<abbr class="rounded" title="{}">{}</abbr>').format(title, _short(number))


def signed(value: Any, currency: str = "", like: Any = 0) -> Markup:
    """As `rounded`, with a plus for a rise."""
    text = rounded(value, currency, like)
    return Markup("+{}").format(text) if value is not None and value > 0 else text


def _short(number: Decimal) -> Markup:
    """Whole numbers up to a million, then three digits with M or bn."""
    for unit, size in (("bn", 9), ("M", 6)):
        scaled = number.scaleb(-size)
        if abs(scaled) >= 1:
            places = max(0, 2 - scaled.adjusted())
            shown = scaled.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
            return Markup("{} {}").format(_data(shown, decimal(shown, places)), unit)
    return _data(number, decimal(number))


def growth(value: Any) -> Markup:
    """0.123 → ▲ 12.3%; the sign repeats what the colour shows."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    return _directed(number, percent(abs(number)))


def points(value: Any) -> Markup:
    """1.23 → ▲ 1.2, as `growth`, for a change in percentage points."""
    if value is None:
        return NOTHING
    number = round(Decimal(str(value)), 1)
    return _directed(number, decimal(abs(number), 1))


def _directed(number: Decimal, text: str) -> Markup:
    css_class, sign, word = DIRECTIONS[(number > 0) - (number < 0)]
    return GROWTH.format(css_class, sign, word, text)


def share(value: Any) -> Markup | str:
    """0.123 → 12.3%."""
    return NOTHING if value is None else percent(value)


def day(value: Any) -> Markup:
    if not value:
        return NOTHING
    on = _date(value)
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), day_text(on))


def days(start: Any, end: Any) -> Markup:
    """1 – 12 Mar 2024, 1 Jan – 12 Mar 2024; shared parts are written once. start, end: dates, or their ISO text."""
    start, end = _date(start), _date(end)
    if start == end:
        return day(end)
    return Markup('<span class="days" data-days="{}/{}">{}</span>').format(
        start.isoformat(), end.isoformat(), days_text(start, end)
    )


def instant(value: Any) -> Markup:
    """A time in UTC; the script of the page converts it to the time zone of the browser."""
    if not value:
        return NOTHING
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return Markup('<time class="instant" datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{day_text(at)}, {at:%H:%M} UTC"
    )


def day_in(text: str) -> date | None:
    """The day that a field or an address states; None if it is empty. Raises `Rejected`."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Rejected(not_a_date(text)) from error


def not_a_date(text: str) -> str:
    """What a page answers to a date that it cannot read."""
    return _("“{text}” is not a date. Write it like 2026-01-31.", text=text)


def size(value: int) -> str:
    number = float(value)
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{decimal(number, 0 if unit == 'bytes' else 1)} {unit}"
        number /= 1000
    return f"{decimal(number, 1)} GB"


def many(number: Any, one: str, several: str = "") -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{decimal(int(number))} {ngettext(one, several or one + 's', int(number))}"


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])


def _data(number: Decimal, text: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(f"{number:f}", text)


def register(app: Flask) -> None:
    for filter_ in (count, money, price, rounded, signed, growth, points, share, day, days, instant, size, many):
        app.add_template_filter(filter_)
    app.add_template_filter(month_text, "month")
    app.add_template_global(is_written)
