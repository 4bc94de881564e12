"""The parts of a contract: how a source writes its bytes, numbers, dates, statuses and names."""

import codecs
from datetime import time
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator


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
    """How the bytes spell letters; a byte order mark and gzip are recognised by themselves."""
    delimiter: Literal[",", ";", "\t", "|"] = ","
    """What stands between cells."""


class NumberStyle(Strict):
    """Signs inside numbers; `currency_signs` are taken off before reading."""

    decimal: Literal[".", ","] = "."
    """The sign before the fraction."""
    thousands: Literal["", ",", ".", " ", "'"] = ""
    """The sign between groups of three digits."""
    currency_signs: tuple[str, ...] = ()
    """Signs such as $ or Rs. that may stand beside a number."""

    @model_validator(mode="after")
    def _apart(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must be different signs")
        return self


class DateStyle(Strict):
    """When a sale happened, and which business day that is."""

    formats: tuple[str, ...] = ("%Y-%m-%d",)
    """In strptime's letters, tried in order; a value must match one of them exactly."""
    time_zone: str = "UTC"
    """The zone of the local times, such as Europe/London."""
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
    """A line's status: by a word of the mapped `status` column, then by a prefix of the sale number, then `default`."""

    words: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    """Word of the source → status."""
    prefixes: dict[str, Literal["completed", "pending", "cancelled", "returned"]] = Field(default_factory=dict)
    """First letters of the sale number → status."""
    negative_quantity: Literal["", "returned"] = ""
    """`returned`: a line with a negative quantity is a return."""
    default: Literal["completed", "pending", "cancelled", "returned"] | None = "completed"
    """The status of a line without a word; null: it is refused."""


class Range(Strict):
    """Bounds of a number, both included; a value outside is refused."""

    minimum: Decimal | None = None
    """The least value."""
    maximum: Decimal | None = None
    """The greatest value."""


class Identity(Strict):
    """How a sale is named. `ids: region-wide` numbers run over the whole region; else a store is needed."""

    ids: Literal["per-store", "region-wide"] = "per-store"
    """Whether two stores may use the same sale number."""
    store: str = ""
    """The constant store of a source that has one."""
    id_prefix: str = ""
    """Put before every sale id: keeps apart sources of one region that name sales by different rules."""
