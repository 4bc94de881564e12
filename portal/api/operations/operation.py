"""An operation of the API and its parameters: parts of which the table of operations consists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from portal.api import schemas
from portal.api.pagination import MAX_OFFSET, NUMBERS
from portal.api.schemas import Schema
from tillstream.analytics.filters import COLUMNS, CURRENCY

DAY = {"anyOf": [{"type": "string", "format": "date"}, {"const": ""}]}
"""An empty form field is sent as an empty string, which sets no filter."""

TAGGED = {"ETag": "Tag of the response, for If-None-Match"}
PAGED = {"Link": "The next page, if there is one", "X-Total-Count": "Total number of rows, if known"}
NOT_MODIFIED = ("The previous response is still current", None)


@dataclass(frozen=True)
class Operation:
    """`answers`: status → description, and schema or its name. `errors`: statuses beside those of `errors_of`."""

    tag: Literal["Numbers", "Lines and changes", "Uploads", "Large files", "Stock", "Tills", "Running it"]
    summary: str
    answers: Mapping[int, tuple[str, str | Schema | None]]
    description: str = ""
    parameters: tuple[Schema, ...] = ()
    body: Schema | None = None
    right: str = ""
    """Right that a personal token needs; `store` for tills, empty for public calls."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers: name → description."""
    errors: tuple[int, ...] = ()
    tabular: bool = False
    """Whether the response is also available as CSV and as an Arrow stream."""


def query(name: str, schema: Schema, description: str, example: Any = None) -> Schema:
    parameter = {"name": name, "in": "query", "schema": schema, "description": description}
    return parameter | ({"example": example} if example is not None else {})


FILTERS = (
    query("from", DAY, "First sale date, such as 2026-06-01"),
    query("to", DAY, "Last sale date"),
    *(
        query(
            name,
            {"type": "array", "items": schemas.STATUS if name == "status" else {"type": "string"}},
            f"Only lines with this {name}; can be repeated",
        )
        for name in COLUMNS
    ),
    query(
        CURRENCY,
        {"type": "string", "pattern": "^([A-Z]{3})?$"},
        "Currency of all amounts, at each day's exchange rate, such as EUR; default: the reporting currency",
    ),
)

OFFSET_ROWS = query(
    "offset",
    {"type": "integer", "minimum": 0, "maximum": MAX_OFFSET, "default": 0},
    "Number of rows to skip, instead of `cursor`",
)
NUMBERS_AS = query(
    "numbers",
    {"type": "string", "enum": list(NUMBERS), "default": NUMBERS[0]},
    "Decimals in JSON: `string` is exact, `number` holds 15 significant digits",
)


def path(name: str, description: str, schema: Schema | None = None) -> Schema:
    schema = schema or {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": schema, "description": description}


def header(name: str, schema: Schema, description: str, *, required: bool = False) -> Schema:
    return {"name": name, "in": "header", "required": required, "schema": schema, "description": description}


IF_NONE_MATCH = header(
    "If-None-Match", {"type": "string"}, "ETag of a previous response; the response is 304 if it is still current"
)


def pages(maximum: int, default: int) -> tuple[Schema, Schema]:
    return (
        query(
            "limit", {"type": "integer", "minimum": 0, "maximum": maximum, "default": default}, "Maximum number of rows"
        ),
        query("cursor", {"type": "string"}, "`next_cursor` of the previous page"),
    )
