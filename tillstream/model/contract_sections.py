"""Contract sections: file format, numbers, dates, statuses, ranges, outliers and sale ids."""

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from tillstream.model.contract_patterns import IdPattern, canonical_encoding, date_format_error
from tillstream.model.date_words import LANGUAGES, Era
from tillstream.model.limits import LIMITS

SERIAL_FORMATS = ("excel", "excel-1904")
"""Date formats that are serial day numbers of a spreadsheet, counted from 1900 or 1904."""
UNIX_FORMATS = ("unix", "unix-ms")
"""Date formats that are numbers of seconds or milliseconds since 1970 in UTC."""
EARLIEST_ZONE = timedelta(hours=14)
"""From UTC: where a day begins first."""
STORE_ESCAPES = (("%", "%25"), ("/", "%2F"))
"""Signs of a store ID and their codes in sale IDs, in the order in which they are replaced."""

_NUMBER_EXAMPLE = re.compile(r"1(?P<thousands>[,. ']?)234(?P<decimal>[.,])50")


class ContractSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileStyle(ContractSection):
    """Encoding and structure of the file."""

    encoding: Annotated[str, AfterValidator(canonical_encoding)] = "utf-8"
    """Character encoding; a byte order mark and gzip are detected automatically."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    """Character between cells."""
    quote: Literal['"', "'", ""] = '"'
    """Character around cells that contain delimiters or line breaks, doubled inside them; empty: no quoting."""
    header: tuple[str, ...] = ()
    """Column names of a file without a header line, in order."""
    ignore: tuple[str, ...] = ()
    """First words of lines that are not sales, such as Total, in upper or lower case; these lines are counted as
    ignored. A line that fills every column that the sales fill is never ignored: the word may be a name."""
    ignore_where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    r"""Header → whole cells of rows that are not sales, in upper or lower case, such as `Item: [Order total]`; these
    rows are counted as ignored. `*` is any text, `\*` an asterisk, and an empty word for an empty cell."""
    sheet: str = ""
    """Sheet of a workbook that contains the sales; empty: the first visible sheet."""
    repeated_names: Literal["refuse", "number"] = "refuse"
    """What to do with a header in which a name occurs twice: `refuse` the file, or `number` the later columns by their
    place, such as Total and Total (8)."""
    fill_down: tuple[str, ...] = ()
    """Headers whose empty cells have the value of the row above, in sources that write the data of an order only in its
    first line."""
    fill_down_within: str = ""
    """Header of a value that these rows share, such as the order number; a row with another value takes nothing from
    the row above."""
    once: tuple[str, ...] = ()
    """Headers of amounts of a whole order that the source repeats on each line of the order, such as its total. They
    count on the first line; a line below it with the same order and the same amount has 0."""
    once_within: str = ""
    """Header of the order number within which the amounts of `once` are repeated."""
    date_in_name: str = ""
    """Format of the day in the name of the file, such as %Y-%m-%d, if the rows contain no date."""
    max_columns: int = Field(LIMITS.columns, ge=1)
    """Files with more columns are rejected."""

    @field_validator("header")
    @classmethod
    def _unique_names(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        stripped = tuple(name.strip() for name in names)
        if not all(stripped) or len(set(stripped)) < len(stripped):
            raise ValueError("every column needs a unique name")
        return stripped

    @field_validator("date_in_name")
    @classmethod
    def _day_in_name(cls, format_: str) -> str:
        if format_ and (error := date_format_error(format_)):
            raise ValueError(error)
        return format_

    @model_validator(mode="after")
    def _columns_within_orders(self) -> Self:
        if self.fill_down_within and not self.fill_down:
            raise ValueError("fill_down_within requires fill_down")
        if self.fill_down_within in self.fill_down:
            raise ValueError("fill_down_within must not be in fill_down")
        if bool(self.once) != bool(self.once_within):
            raise ValueError("once and once_within require each other")
        if self.once_within in self.once:
            raise ValueError("once_within must not be in once")
        return self

    @field_validator("ignore")
    @classmethod
    def _no_empty_words(cls, words: tuple[str, ...]) -> tuple[str, ...]:
        if not all(word.strip() for word in words):
            raise ValueError("must not contain an empty word, because every line starts with it")
        return words


class DateStyle(ContractSection):
    """Date, time and business day of a sale."""

    formats: tuple[str, ...] = ("%Y-%m-%d",)
    """Formats with strptime codes; a value must match one of them exactly. `excel` and `excel-1904` are serial day
    numbers of spreadsheets, `unix` and `unix-ms` seconds and milliseconds since 1970. %z is an offset such as +01:00,
    or a word such as UTC, PST or CEST. ISO 8601 is always accepted. Dates that two formats read as different days are
    rejected, unless other rows of the file prove one of the formats."""
    language: str = "en"
    """Language of month names, weekday names and AM/PM, long or short, with or without full stops: cs, da, de, el, en,
    es, fi, fr, hi, hu, id, it, ja, ko, nb, nl, pl, pt, ro, ru, sk, sv, tr, uk or zh."""
    era: Era = ""
    """How years are counted, if not from the year 1: `buddhist` (2569 is 2026), or `japanese` (令和8年 and R8 are
    2026)."""
    two_digit_years_from: int = Field(1969, ge=1, le=9900)
    """First of the hundred years to which two-digit years belong."""
    time_formats: tuple[str, ...] = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
    """Formats of the `time` column, if `columns` maps one in addition to `date`."""
    time_zone: str = "UTC"
    """Time zone of local times, such as Europe/London."""
    store_zones: dict[str, str] = Field(default_factory=dict)
    """Store → its time zone, if it differs from `time_zone`."""
    cutoff: time = time(0, 0)
    """Local time at which the business day starts."""
    half_converted: Literal["hold", "swap", "keep"] = "hold"
    """What to do with a file in which a spreadsheet converted only some dates and so swapped their day and month; its
    date cells all have a day up to 12, and its texts all a day above 12: `hold` the file, `swap` day and month of the
    date cells back, or `keep` the dates as they are."""

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
            raise ValueError(f"unknown language {language!r}; allowed are {', '.join(LANGUAGES)}")
        return language

    @field_validator("formats")
    @classmethod
    def _with_year(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if text not in (*SERIAL_FORMATS, *UNIX_FORMATS) and not {"%Y", "%y"} & {
                text[i : i + 2] for i in range(len(text))
            }:
                raise ValueError(f"the format {text!r} has no year (%Y or %y)")
        if not formats:
            raise ValueError("at least one date format is required")
        return formats

    @field_validator("time_formats")
    @classmethod
    def _with_hour(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if not {"%H", "%I"} & {text[i : i + 2] for i in range(len(text))}:
                raise ValueError(f"the time format {text!r} has no hour (%H or %I)")
        if not formats:
            raise ValueError("at least one time format is required")
        return formats

    @property
    def only_days(self) -> bool:
        """Whether no format contains a time."""
        return not any(
            mark in text for text in self.formats for mark in ("%H", "%I", "%T", "%R", *SERIAL_FORMATS, *UNIX_FORMATS)
        )

    def zone_of(self, store: str) -> str:
        return self.store_zones.get(store, self.time_zone)

    def business_day(self, store: str, at: datetime) -> date:
        """The business day of a store at a time."""
        local = at.astimezone(ZoneInfo(self.zone_of(store))).replace(tzinfo=None)
        return (local - timedelta(hours=self.cutoff.hour, minutes=self.cutoff.minute)).date()

    def latest_day(self, at: datetime) -> date:
        """The latest day that has begun at a time in a zone of the source; days without a zone may be of any zone."""
        if self.only_days and self.time_zone == "UTC":
            return (at + EARLIEST_ZONE).date()
        return max(at.astimezone(ZoneInfo(zone)).date() for zone in {self.time_zone, *self.store_zones.values()})


class StatusRule(ContractSection):
    """Status of a line, from the first of these that applies: a word in the `status` column, a prefix of the sale
    number, a minus sign, `default`."""

    words: dict[str, Literal["completed", "pending", "cancelled", "returned", "ignore"]] = Field(default_factory=dict)
    """Word of the source → status. `ignore`: the row is not a sale; it is counted as ignored. Rows with any other word
    are quarantined."""
    prefixes: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    """Prefix of the sale number → status."""
    negative_quantity: Literal["", "returned"] = ""
    """`returned`: a line with a negative quantity is a return."""
    negative_amount: Literal["", "returned", "cancelled"] = ""
    """Status of a line with a negative net amount, if none of the previous rules applies."""
    unsigned_returns: bool = False
    """`true`: the source writes some or all amounts of returns without a minus sign; their quantity, discount, tax and
    totals count as negative."""
    default: Literal["completed", "pending", "cancelled", "returned"] | None = "completed"
    """Status of a line without a status word; null: the line is rejected."""


class Identity(ContractSection):
    """How sales are identified. With `ids: region-wide`, sale numbers are unique in the region; otherwise a store is
    required."""

    ids: Literal["per-store", "region-wide"] = "per-store"
    """Whether sale numbers are unique per store or in the whole region."""
    store: str = ""
    """Store of a source that covers only one store."""
    id_prefix: str = ""
    """Prefix of every sale ID; separates sources of one region that identify sales by different rules."""
    made_of: tuple[str, ...] = ()
    """Headers that together identify a sale, if the source has no sale number: `[Store, Date]`. Days in the sale ID
    are always written as 2026-12-31."""
    by_content: bool = False
    """`true`: the source has no sale identifiers; every row is a sale, identified by its content. Equal rows each
    count."""
    whole_numbers: tuple[str, ...] = ()
    """ID columns in which numbers written as 12557.0 are read as 12557. Other ID columns keep 12557.0, with a
    warning."""
    spellings: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """ID column → patterns such as `TS-000000`, whose zeros are the digits of an ID. IDs that match a pattern but for
    case, width, spaces, punctuation, leading zeros and a `.0` are written as the first one."""
    similar_sales: Literal["ask", "keep"] = "ask"
    """What to do with a file whose sales look like known ones with another number or product: `ask` holds the file,
    `keep` counts them as other sales."""
    _escapes_stores: bool = PrivateAttr(default=False)
    # Not a part of the contract: a property of the home that reads with it.

    @field_validator("spellings")
    @classmethod
    def _with_patterns(cls, spellings: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for name, patterns in spellings.items():
            if not patterns:
                raise ValueError(f"{name} needs a pattern")
            for text in patterns:
                IdPattern.parse(text)
        return spellings

    @property
    def escapes_stores(self) -> bool:
        """Whether the signs of `STORE_ESCAPES` in a store ID are written as their codes in sale IDs."""
        return self._escapes_stores

    def with_stores_escaped(self, escaped: bool) -> "Identity":  # noqa: FBT001 - the only argument
        copy = self.model_copy()
        copy._escapes_stores = escaped  # noqa: SLF001 - of a copy of itself
        return copy

    def sale_prefix(self, store_id: str) -> str:
        """What precedes the number of a sale of the store in its sale ID."""
        if self.ids == "region-wide":
            return self.id_prefix
        for sign, code in STORE_ESCAPES if self.escapes_stores else ():
            store_id = store_id.replace(sign, code)
        return f"{store_id}/{self.id_prefix}"


class NumberStyle(ContractSection):
    """Format of numbers; `currency_signs` are removed before a number is read."""

    decimal: Literal[".", ","] = "."
    """Decimal separator."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """Thousands separator."""
    currency_signs: tuple[str, ...] = ()
    """Currency signs such as $ or Rs. that can occur before or after a number."""
    unit_words: tuple[str, ...] = ()
    """Words such as pcs or Stk. that can occur after a quantity."""
    alternatives: tuple[str, ...] = ()
    """Other formats that the source uses as well, each written as the number 1234.5 in it, such as 1.234,50. Numbers
    that two formats read differently are rejected, unless another number of the row proves one of the formats."""

    @model_validator(mode="after")
    def _distinct_signs(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self

    @field_validator("alternatives")
    @classmethod
    def _formats(cls, alternatives: tuple[str, ...]) -> tuple[str, ...]:
        for text in alternatives:
            if not (match := _NUMBER_EXAMPLE.fullmatch(text)) or match["thousands"] == match["decimal"]:
                raise ValueError(f"{text!r} is not the number 1234.5 in another format, such as 1.234,50 or 1234,50")
        return alternatives

    @property
    def example(self) -> str:
        """The number 1234.5 in this format."""
        return f"1{self.thousands}234{self.decimal}50"

    @property
    def styles(self) -> tuple["NumberStyle", ...]:
        """One style per format, each without alternatives; the first is the format of the contract itself."""
        matches = (_NUMBER_EXAMPLE.fullmatch(text) for text in self.alternatives)
        changes = (match.groupdict() for match in matches if match)
        return tuple(self.model_copy(update=change | {"alternatives": ()}) for change in ({}, *changes))


class Range(ContractSection):
    """Allowed range of a number, bounds included; rows with values outside it are rejected."""

    minimum: Decimal | None = None
    """Smallest allowed value."""
    maximum: Decimal | None = None
    """Largest allowed value."""


class OutlierRule(ContractSection):
    """Warns about values far from the usual values of the product, in the ledger or else in the file: median ± k ·
    MAD."""

    k: Decimal = Field(Decimal(6), gt=0, le=10_000, decimal_places=4)
    """Number of median absolute deviations (MAD) from the median that are still usual; 6 is about four standard
    deviations."""
    minimum: int = Field(30, ge=3)
    """Smallest number of lines of a product for which usual values are computed."""
    columns: tuple[Literal["unit_price", "quantity"], ...] = Field(("unit_price", "quantity"), min_length=1)
    """Columns that are checked."""
