"""Random styles of encoding, numbers and dates of a generated file."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from random import Random

from bench import detection_words as words
from tillstream.pipeline.normalising.date_formats import format_datetime

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "cp850", "latin-1")
DATES = {
    "DMY": ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%y", "%d/%m/%y", "%d-%b-%Y", "%d. %B %Y"),
    "MDY": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%b %d, %Y"),
    "YMD": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%y.%m.%d", "%Y%m%d"),
}


@dataclass
class Style:
    encoding: str
    delimiter: str
    decimal: str
    thousands: str
    sign: str
    minus: str
    date_order: str
    date_format: str
    padded: bool
    language: str
    currency: str
    timed: bool
    separate_time: bool
    whole: bool
    percent_sign: bool

    def encoded(self, text: str) -> bytes:
        """Encode the text, falling back to UTF-8 if the encoding lacks a character."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            self.encoding = "utf-8"
            return text.encode()

    def date(self, moment: datetime) -> str:
        text = format_datetime(moment, self.date_format, self.language)
        if self.padded:
            return text
        for sign in "./-":
            text = sign.join(part.lstrip("0") if len(part) == 2 else part for part in text.split(sign))
        return text

    def clock(self, moment: datetime) -> str:
        return f"{moment:%H:%M}"

    def number(self, value: Decimal, *, money: bool = True) -> str:
        whole, _, fraction = f"{abs(value):f}".partition(".")
        if self.thousands:
            whole = f"{int(whole):,}".replace(",", self.thousands)
        text = whole + (self.decimal + fraction if fraction else "")
        sign = words.SIGNS[self.currency]
        if money and self.sign:
            text = {"before": f"{sign}{text}", "after": f"{text} {sign}", "code": f"{text} {self.currency}"}[self.sign]
        if value >= 0:
            return text
        return {"-": f"-{text}", "behind": f"{text}-", "(": f"({text})"}["-" if self.sign else self.minus]


def drawn(draw: Random) -> Style:
    language = draw.choice(list(words.HEADERS))
    order = draw.choice({"en": ["DMY", "MDY", "YMD"], "ja": ["YMD"]}.get(language, ["DMY", "DMY", "YMD"]))
    decimal = "." if language in {"en", "ja"} else draw.choice(".,")
    other_mark = "," if decimal == "." else "."
    format_ = draw.choice(DATES[order])
    timed = draw.random() < 0.4
    separate_time = timed and draw.random() < 0.3
    return Style(
        encoding=draw.choice((*ENCODINGS[:3], "cp932") if language == "ja" else ENCODINGS),
        delimiter=draw.choice(",;\t|"),
        decimal=decimal,
        thousands=draw.choice(["", "", other_mark, " " if decimal == "," else "'"]),
        sign=draw.choice(["", "", "before", "after", "code"]),
        minus=draw.choice(["-", "-", "behind", "("]),
        date_order=order,
        date_format=format_ + (draw.choice([" %H:%M", " %H:%M:%S"]) if timed and not separate_time else ""),
        padded=draw.random() < 0.7 or any(letter in format_ for letter in ("%Y%m%d", "%b", "%B")),
        language=language,
        currency=draw.choice(words.CURRENCIES.get(language, ["EUR"])),
        timed=timed,
        separate_time=separate_time,
        whole=language == "ja" or draw.random() < 0.08,
        percent_sign=draw.random() < 0.4,
    )
