"""Contract sections: file format, numbers, dates, statuses, ranges, outliers and sale ids."""

import codecs
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from tillstream.domain.month_names import LANGUAGES

SERIALS = ("excel", "excel-1904")
"""Date formats that are serial day numbers of a spreadsheet, counted from 1900 or 1904."""


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def canonical_encoding(name: str) -> str:
    """The encoding's canonical name. Raises `ValueError` if it is unknown."""
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError(f"unknown encoding {name!r}; use for example utf-8, cp1252, latin-1 or cp850") from error


class FileStyle(Strict):
    """How the bytes become cells."""

    encoding: Annotated[str, AfterValidator(canonical_encoding)] = "utf-8"
    """How the bytes spell letters; a byte order mark and gzip are recognised by themselves."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    """What stands between cells."""
    quote: Literal['"', "'", ""] = '"'
    """What a cell is put in that holds delimiters or line ends, doubled inside; empty: nothing quotes."""
    header: tuple[str, ...] = ()
    """The names of the columns of a file without a header line, in order."""
    ignore: tuple[str, ...] = ()
    """First words of lines that are no sales, such as Total or Summe, in any case: they are counted as ignored."""
    sheet: str = ""
    """The sheet of a workbook that holds the sales; empty: the first one that is shown."""
    max_columns: int = Field(2_000, ge=1)
    """A file with more columns is refused."""

    @field_validator("header")
    @classmethod
    def _unique_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        stripped = tuple(name.strip() for name in names)
        if not all(stripped) or len(set(stripped)) < len(stripped):
            raise ValueError("every column needs a name of its own")
        return stripped

    @field_validator("ignore")
    @classmethod
    def _no_empty_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("an empty word would be the beginning of every line")
        return words


class NumberStyle(Strict):
    """Signs inside numbers; `currency_signs` are taken off before reading."""

    decimal: Literal[".", ","] = "."
    """The sign before the fraction."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """The sign between groups of three digits."""
    currency_signs: tuple[str, ...] = ()
    """Signs such as $ or Rs. that may stand beside a number."""

    @model_validator(mode="after")
    def _distinct_signs(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self


class DateStyle(Strict):
    """When a sale happened, and which business day that is."""

    formats: tuple[str, ...] = ("%Y-%m-%d",)
    """In strptime's letters; a value must match one of them exactly. `excel` and `excel-1904` are the day numbers of
    spreadsheets. ISO 8601 is read whatever stands here. What two formats read to different days is refused, unless the
    file's other rows prove one of them."""
    language: str = "en"
    """The language of the names of months, weekdays and halves of the day, long or short, with or without dots: de, en,
    es, fr, hi, it, ja, nl, pl, pt, sv or tr."""
    two_digit_years_from: int = Field(1969, ge=1, le=9900)
    """Years of two digits mean the hundred years from this one."""
    time_formats: tuple[str, ...] = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
    """How a `time` column is written, where `columns` maps one besides `date`."""
    time_zone: str = "UTC"
    """The zone of the local times, such as Europe/London."""
    store_zones: dict[str, str] = Field(default_factory=dict)
    """Store → its own zone, where it differs from `time_zone`."""
    cutoff: time = time(0, 0)
    """The business day starts here, in local time."""

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}; use a name such as Europe/London") from error
        return name

    @field_validator("store_zones")
    @classmethod
    def _zones(cls, zones: dict[str, str]) -> dict[str, str]:
        return {store: cls._zone(name) for store, name in zones.items()}

    @field_validator("language")
    @classmethod
    def _supported_language(cls, language: str) -> str:
        if language not in LANGUAGES:
            raise ValueError(f"the names of months are not known in {language!r}; known are {', '.join(LANGUAGES)}")
        return language

    @field_validator("formats")
    @classmethod
    def _with_year(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if text not in SERIALS and not {"%Y", "%y"} & {text[i : i + 2] for i in range(len(text))}:
                raise ValueError(f"the format {text!r} has no year (%Y or %y)")
        if not formats:
            raise ValueError("give at least one date format")
        return formats

    @field_validator("time_formats")
    @classmethod
    def _with_hour(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if not {"%H", "%I"} & {text[i : i + 2] for i in range(len(text))}:
                raise ValueError(f"the time format {text!r} has no hour (%H or %I)")
        if not formats:
            raise ValueError("give at least one time format")
        return formats

    @property
    def only_days(self) -> bool:
        """Whether no format contains a time."""
        return not any(mark in text for text in self.formats for mark in ("%H", "%I", "%T", "%R", *SERIALS))

    def zone_of(self, store: str) -> str:
        return self.store_zones.get(store, self.time_zone)


class StatusRule(Strict):
    """A line's status: a word of the mapped `status` column, a prefix of the sale number, a minus sign, `default`."""

    words: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    """Word of the source → status."""
    prefixes: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    """First letters of the sale number → status."""
    negative_quantity: Literal["", "returned"] = ""
    """`returned`: a line with a negative quantity is a return."""
    negative_amount: Literal["", "returned", "cancelled"] = ""
    """What a line with a negative net amount is, where nothing before says it."""
    unsigned_returns: bool = False
    """`true`: the source writes returns without a minus; their quantity, discount, tax and totals count as negative."""
    default: Literal["completed", "pending", "cancelled", "returned"] | None = "completed"
    """The status of a line without a word; null: it is refused."""

    @model_validator(mode="after")
    def _one_sign(self) -> Self:
        if self.unsigned_returns and (self.negative_quantity or self.negative_amount):
            raise ValueError("a source writes its returns with a minus (negative_…) or without one (unsigned_returns)")
        return self


class Range(Strict):
    """Bounds of a number, both included; a value outside is refused."""

    minimum: Decimal | None = None
    """The least value."""
    maximum: Decimal | None = None
    """The greatest value."""


class OutlierRule(Strict):
    """Warns of values far from what their product usually has, in the ledger or else in the file: median ± k · MAD."""

    k: Decimal = Field(Decimal(6), gt=0, le=10_000, decimal_places=4)
    """How many median distances from the median are still usual; 6 of them are about four standard deviations."""
    minimum: int = Field(30, ge=3)
    """A product with fewer lines has nothing usual."""
    columns: tuple[Literal["unit_price", "quantity"], ...] = Field(("unit_price", "quantity"), min_length=1)
    """Which values are compared."""


class Identity(Strict):
    """How a sale is named. `ids: region-wide` numbers run over the whole region; else a store is needed."""

    ids: Literal["per-store", "region-wide"] = "per-store"
    """Whether two stores may use the same sale number."""
    store: str = ""
    """The constant store of a source that has one."""
    id_prefix: str = ""
    """Put before every sale id: keeps apart sources of one region that name sales by different rules."""
    made_of: tuple[str, ...] = ()
    """Headers that name a sale together, where the source has no sale number: `[Store, Date]`. A day is written as
    2026-12-31 in it, however the source does."""
    by_content: bool = False
    """`true`: nothing in the source names a sale; every row is one, named by what it tells. Equal rows count each."""
    whole_numbers: tuple[str, ...] = ()
    """Id columns whose numbers a program wrote as 12557.0: they are read as 12557. Others keep it, with a warning."""
