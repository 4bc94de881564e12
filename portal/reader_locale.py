"""Numbers and dates as text in the locale of the reader, as in Unicode CLDR."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from flask import g, has_request_context, request

from portal.context import me, signed_in
from tillstream.model.money import round_to_digits
from tillstream.people import account_store

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
"""Language → sign between groups of digits, decimal sign, and space before a percent sign.

The script of a page formats the numbers of other languages; until then they are as in English.
"""
ENGLISH = (",", ".", "")
UNGROUPED = {"es", "it", "pl"}
"""Languages that do not group four digits."""


@dataclass(frozen=True)
class ReaderDateStyle:
    """`months`, `weekdays`: short names, the first ones of January and Monday. `day`, `short_day`, `month`: patterns.
    `days`: pattern of two days of a month.
    """

    months: str
    day: str = "{d} {m} {y}"
    short_day: str = "{d} {m}"
    month: str = "{m} {y}"
    days: str = "{d} – {d2} {m} {y}"
    weekdays: str = "Mon Tue Wed Thu Fri Sat Sun"

    def write(self, pattern: str, on: date, until: date | None = None) -> str:
        return pattern.format(d=on.day, m=self.months.split()[on.month - 1], y=on.year, d2=(until or on).day)


INTERNATIONAL = ReaderDateStyle("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
BRITISH = ReaderDateStyle("Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec")
DATES = {
    "en-US": ReaderDateStyle(INTERNATIONAL.months, "{m} {d}, {y}", "{m} {d}", days="{m} {d} – {d2}, {y}"),
    "en-GB": BRITISH,
    "en-IN": BRITISH,
    "de": ReaderDateStyle(
        "Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.",
        "{d}. {m} {y}",
        "{d}. {m}",
        days="{d}.–{d2}. {m} {y}",
        weekdays="Mo Di Mi Do Fr Sa So",
    ),
    "es": ReaderDateStyle("ene feb mar abr may jun jul ago sept oct nov dic", weekdays="lun mar mié jue vie sáb dom"),
    "fr": ReaderDateStyle(
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.", weekdays="lun. mar. mer. jeu. ven. sam. dim."
    ),
    "it": ReaderDateStyle("gen feb mar apr mag giu lug ago set ott nov dic", weekdays="lun mar mer gio ven sab dom"),
    "nl": ReaderDateStyle("jan feb mrt apr mei jun jul aug sep okt nov dec", weekdays="ma di wo do vr za zo"),
    "pl": ReaderDateStyle(
        "sty lut mar kwi maj cze lip sie wrz paź lis gru", weekdays="pon. wt. śr. czw. pt. sob. niedz."
    ),
    "pt": ReaderDateStyle(
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        "{d} de {m} de {y}",
        "{d} de {m}",
        "{m} de {y}",
        "{d} – {d2} de {m} de {y}",
        weekdays="seg. ter. qua. qui. sex. sáb. dom.",
    ),
    "sv": ReaderDateStyle(
        "jan. feb. mars apr. maj juni juli aug. sep. okt. nov. dec.", weekdays="mån tis ons tors fre lör sön"
    ),
}
"""Locale or language → its dates; others are as in English."""


def readers_locale() -> str:
    """Locale of the profile, else that of the browser, such as de-DE."""
    if not has_request_context():
        return ""
    if "readers_locale" not in g:
        chosen = me().locale if signed_in() else ""
        g.readers_locale = chosen or str(request.accept_languages.best or "")
    return str(g.readers_locale)


def _language() -> str:
    return readers_locale().partition("-")[0]


def is_written() -> bool:
    """Whether the server writes the numbers of the locale; a language can have other signs in another region."""
    language, locale = _language(), readers_locale()
    return language in {"", "*", "en"} or (language in SIGNS and locale in {language, *account_store.LOCALES})


def _signs() -> tuple[str, str, str]:
    return SIGNS.get(_language(), ENGLISH) if is_written() else ENGLISH


def decimal(value: Any, places: int = 0) -> str:
    """A number with a fixed number of decimal places; a decimal is rounded half away from zero."""
    group, point, _ = _signs()
    if isinstance(value, Decimal) and value.is_finite():
        value = round_to_digits(value, places)
    sign, text = "−" if value < 0 else "", f"{abs(value):.{places}f}"
    whole, _, fraction = text.partition(".")
    if len(whole) > (4 if is_written() and _language() in UNGROUPED else 3):
        step = 2 if readers_locale() in {"en-IN", "hi-IN"} else 3
        head, tail = whole[:-3], whole[-3:]
        whole = group.join([*reversed([head[max(0, at - step) : at] for at in range(len(head), 0, -step)]), tail])
    return f"{sign}{whole}{point}{fraction}" if fraction else f"{sign}{whole}"


def exact(value: Decimal) -> str:
    """A number with the decimal places that it has."""
    exponent = value.normalize().as_tuple().exponent
    return decimal(value, max(0, -exponent) if isinstance(exponent, int) else 0)


def percent(value: Any, places: int = 1) -> str:
    """0.1234 → 12.3%, or 12,3 % in German."""
    return f"{decimal(Decimal(str(value)) * 100, places)}{_signs()[2]}%"


def _style() -> ReaderDateStyle:
    return DATES.get(readers_locale()) or DATES.get(_language(), INTERNATIONAL)


def day_text(on: date) -> str:
    """31 Jan 2026, or 31. Jan. 2026 in German."""
    style = _style()
    return style.write(style.day, on)


def month_text(start: date) -> str:
    """Jan 2026."""
    style = _style()
    return style.write(style.month, start)


def days_text(start: date, end: date) -> str:
    """1 – 12 Mar 2024, 1 Jan – 12 Mar 2024; shared parts are written once."""
    style = _style()
    if start == end:
        return day_text(end)
    if (start.year, start.month) == (end.year, end.month):
        return style.write(style.days, start, end)
    first = style.short_day if start.year == end.year else style.day
    return f"{style.write(first, start)} – {day_text(end)}"


def weekdays() -> tuple[str, ...]:
    """Mon, Tue, …, Sun."""
    return tuple(_style().weekdays.split())
