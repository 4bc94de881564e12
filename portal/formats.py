"""Template filters that format numbers and dates."""

from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from flask import Flask, has_request_context, request
from markupsafe import Markup, escape

from portal.context import me, signed_in
from tillstream.domain.money.minor_units import minor_digits

NOTHING = Markup('<span class="none" title="Nothing to show">–</span>')
GROWTH = Markup(
    '<span class="growth {}"><span aria-hidden="true">{}</span> <span class="visually-hidden">{}</span> {}</span>'
)
ROUNDED_FROM = 10_000
DIRECTIONS = {1: ("up", "▲", "up"), -1: ("down", "▼", "down"), 0: ("same", "=", "the same")}
NARROW, HARD = "\u202f", "\u00a0"
SIGNS = {
    "de": (".", ",", HARD),
    "es": (".", ",", HARD),
    "fr": (NARROW, ",", NARROW),
    "it": (".", ",", ""),
    "nl": (".", ",", ""),
    "pl": (HARD, ",", ""),
    "pt": (".", ",", ""),
    "sv": (HARD, ",", HARD),
}
"""Language → sign between groups of digits, decimal sign, and space before a percent sign, as in Unicode CLDR.

Other languages are as in English. The script of a page formats `<data>` and `<time>`; this is for other text.
"""
ENGLISH = (",", ".", "")
UNGROUPED = {"es", "pl"}
"""Languages that do not group four digits."""


def readers_locale() -> str:
    """Locale of numbers: that of the profile, else that of the browser, such as de-DE."""
    chosen = me().locale if has_request_context() and signed_in() else ""
    return chosen or (str(request.accept_languages.best or "") if has_request_context() else "")


def decimal(value: Any, places: int = 0) -> str:
    """A number as text in the locale of the reader, with a fixed number of decimal places."""
    locale = readers_locale()
    language = locale.partition("-")[0]
    group, point, _ = SIGNS.get(language, ENGLISH)
    sign, text = "−" if value < 0 else "", f"{abs(value):.{places}f}"
    whole, _, fraction = text.partition(".")
    if len(whole) > (4 if language in UNGROUPED else 3):
        step = 2 if locale in {"en-IN", "hi-IN"} else 3
        head, tail = whole[:-3], whole[-3:]
        whole = group.join([*reversed([head[max(0, at - step) : at] for at in range(len(head), 0, -step)]), tail])
    return f"{sign}{whole}{point}{fraction}" if fraction else f"{sign}{whole}"


def percent(value: Any) -> str:
    """0.1234 → 12.3%, or 12,3 % in German."""
    space = SIGNS.get(readers_locale().partition("-")[0], ENGLISH)[2]
    return f"{decimal(Decimal(str(value)) * 100, 1)}{space}%"


def count(value: Any) -> Markup:
    """1240 → 1,240; decimals only if the value has some."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    text = f"{number:,.0f}" if number == number.to_integral_value() else f"{number.normalize():,f}"
    return _data(number, text)


def money(value: Any, currency: str = "USD") -> Markup:
    """Rounded to the minor unit of the currency; its code is in the column header."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    places = minor_digits(currency)
    rounded = number.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return _data(number, f"{rounded:,.{places}f}")


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
            return Markup("{} {}").format(_data(shown, f"{shown:,}"), unit)
    return _data(number, f"{number:,.0f}")


def growth(value: Any) -> Markup:
    """0.123 → ▲ 12.3%; the sign repeats what the colour shows."""
    if value is None:
        return NOTHING
    number = Decimal(str(value))
    css_class, sign, word = DIRECTIONS[(number > 0) - (number < 0)]
    return GROWTH.format(css_class, sign, word, percent(abs(number)))


def share(value: Any) -> Markup | str:
    """0.123 → 12.3%."""
    return NOTHING if value is None else percent(value)


def day(value: Any) -> Markup:
    if not value:
        return NOTHING
    on = value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), f"{on.day} {on:%b %Y}")


def days(start: date, end: date) -> Markup:
    """1 – 12 Mar 2024, 1 Jan – 12 Mar 2024; shared parts are written once."""
    if start == end:
        return day(end)
    first = f"{start.day}"
    if (start.year, start.month) != (end.year, end.month):
        first += f" {start:%b}"
    if start.year != end.year:
        first += f" {start.year}"
    return Markup('<span class="days" data-days="{}/{}">{} – {} {}</span>').format(
        start.isoformat(), end.isoformat(), first, end.day, f"{end:%b %Y}"
    )


def instant(value: Any) -> Markup:
    """A time in UTC; the script of the page converts it to the time zone of the browser."""
    if not value:
        return NOTHING
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return Markup('<time class="instant" datetime="{}">{}</time>').format(
        at.isoformat(timespec="seconds"), f"{at.day} {at:%b %Y, %H:%M} UTC"
    )


def size(value: int) -> str:
    number = float(value)
    for unit in ("bytes", "kB", "MB"):
        if number < 1000:
            return f"{decimal(number, 0 if unit == 'bytes' else 1)} {unit}"
        number /= 1000
    return f"{decimal(number, 1)} GB"


def many(number: Any, one: str, several: str = "") -> str:
    """A number with its noun: 1 row, 2 rows."""
    return f"{decimal(int(number))} {one if int(number) == 1 else several or one + 's'}"


def _data(number: Decimal, text: str) -> Markup:
    return Markup('<data value="{}">{}</data>').format(f"{number:f}", escape(text.replace("-", "−")))


def register(app: Flask) -> None:
    for filter_ in (count, money, rounded, signed, growth, share, day, days, instant, size, many):
        app.add_template_filter(filter_)
