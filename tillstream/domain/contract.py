"""Region contracts: how one source writes its files. Read from YAML, checked with clear errors."""

import codecs
from datetime import time
from decimal import Decimal
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from tillstream.domain.columns import BY_NAME, CONTENT, STATUSES
from tillstream.domain.errors import Rejected

MAPPED = frozenset(c.name for c in CONTENT) - {"extra", "status", "sold_at", "sale_date"} | {
    "sale_id",
    "line_key",
    "source_version",
    "status",
    "date",
    "region",
}
"""What `columns` may map: the content columns, the key, the version, and `date`, which gives sold_at and sale_date."""

CHECKED = frozenset({"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise ValueError(f"unknown encoding {name!r}; use for example utf-8, cp1252, latin-1 or cp850") from error


class FileStyle(Strict):
    """How the bytes become cells."""

    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    delimiter: Literal[",", ";", "\t", "|"] = ","


class NumberStyle(Strict):
    """Signs inside numbers; `currency_signs` are taken off before reading."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    currency_signs: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self


class DateStyle(Strict):
    """`formats` in strptime's letters, tried in order; a value must match one of them exactly."""

    formats: tuple[str, ...] = ("%Y-%m-%d",)
    time_zone: str = "UTC"
    cutoff: time = time(0, 0)
    """The business day starts here, in local time."""

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"unknown time zone {name!r}; use a name such as Europe/London")
        return name

    @field_validator("formats")
    @classmethod
    def _whole(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            if not ({"%Y", "%y"} & {text[i : i + 2] for i in range(len(text))}):
                raise ValueError(f"the format {text!r} has no year (%Y or %y)")
        if not formats:
            raise ValueError("give at least one date format")
        return formats


class StatusRule(Strict):
    """The status of a line: by a word of the mapped `status` column, then by a prefix of the sale number, then `default`."""

    words: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    prefixes: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    negative_quantity: Literal["", "returned"] = ""
    default: Literal["completed", "pending", "cancelled", "returned"] | None = "completed"
    """None: a missing word is refused."""


class Range(Strict):
    """Bounds, both included; a value outside is refused unless `severity` is warning."""

    minimum: Decimal | None = None
    maximum: Decimal | None = None


class Identity(Strict):
    """How a sale is named. `ids: region-wide` numbers run over the whole region; else a store is needed."""

    ids: Literal["per-store", "region-wide"] = "per-store"
    store: str = ""
    """The constant store of a source that has one."""
    id_prefix: str = ""


class Contract(Strict):
    """One source's way of writing its files. Raises pydantic's `ValidationError`; `parse` makes it readable."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)
    version: int = Field(1, ge=1)
    region: str = Field(min_length=1, max_length=60)
    description: str = ""
    currency: str = Field("", pattern=r"^([A-Z]{3})?$")
    country: str = ""
    channel: str = ""
    file: FileStyle = FileStyle()
    numbers: NumberStyle = NumberStyle()
    dates: DateStyle = DateStyle()
    missing: tuple[str, ...] = ()
    """Words that mean "no value" in this source, besides the empty cell."""
    columns: dict[str, str]
    """column of a sale line → header of the source"""
    identity: Identity = Identity()
    status: StatusRule = StatusRule()
    ranges: dict[str, Range] = Field(default_factory=dict)
    expected: tuple[str, ...] = ()
    """Columns whose absence in a row is worth a warning."""
    stores: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    allowed: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → the words it may hold; another word is refused."""
    line_total_tolerance: Decimal = Decimal("0.01")
    refused_threshold: float = Field(0.2, ge=0, le=1)
    replaces: Literal["", "sale", "store-day"] = ""
    where_till_differs: Literal["ask", "file", "till"] = "ask"

    @model_validator(mode="after")
    def _complete(self) -> Self:
        unknown = sorted(set(self.columns) - MAPPED)
        if unknown:
            raise ValueError(
                f"columns: {', '.join(unknown)}: not a column of a sale line; known are {', '.join(sorted(MAPPED))}"
            )
        for needed in ("sale_id", "date"):
            if needed not in self.columns:
                raise ValueError(f"columns: {needed} must be mapped to a header of the source")
        if not self.currency and "currency" not in self.columns:
            raise ValueError("currency: give the file's currency, or map a currency column")
        if "net_amount" not in self.columns and not {"quantity", "unit_price"} <= set(self.columns):
            raise ValueError("columns: map net_amount, or both quantity and unit_price")
        if "store_id" not in self.columns and not self.identity.store and self.identity.ids != "region-wide":
            raise ValueError("identity: map store_id, give a constant store, or say ids: region-wide")
        for field in ("ranges", "allowed", "expected"):
            names = set(getattr(self, field)) - set(BY_NAME)
            if names:
                raise ValueError(f"{field}: {', '.join(sorted(names))}: not a column of a sale line")
        if set(self.ranges) - CHECKED:
            raise ValueError(f"ranges: only for {', '.join(sorted(CHECKED))}")
        if "status" in self.columns and not self.status.words:
            raise ValueError(f"status.words: say which of {', '.join(STATUSES)} each word means")
        return self

    @property
    def numbered(self) -> bool:
        """Whether the source numbers the lines of a sale itself."""
        return "line_key" in self.columns


def parse(data: Any, where: str = "contract") -> Contract:
    """A contract from plain data; `Rejected` says what is wrong, where and what to do."""
    try:
        return Contract.model_validate(data)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(str(part) for part in item['loc']) or 'contract'}: {item['msg'].removeprefix('Value error, ')}"
            for item in error.errors()
        ]
        raise Rejected(f"{where} is not a valid contract:\n" + "\n".join(lines)) from error
