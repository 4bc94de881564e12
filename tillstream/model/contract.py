"""Region contracts: the file format of one source, validated with readable errors."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from tillstream.model.columns import BY_NAME, CONTENT, IGNORE, STATUSES
from tillstream.model.contract_patterns import FILE_DATE
from tillstream.model.contract_schedule import Schedule
from tillstream.model.contract_sections import (
    ContractSection,
    DateStyle,
    FileStyle,
    Identity,
    NumberStyle,
    OutlierRule,
    Range,
    StatusRule,
)
from tillstream.model.contract_values import (
    AmountRule,
    Made,
    MissingRule,
    amount_errors,
    derived_column_errors,
    needed_headers,
    value_errors,
)
from tillstream.model.errors import Rejected
from tillstream.model.text import suggest_nearest

FieldPath = tuple[int | str, ...]

_PREFIXED = re.compile(r"(?P<path>[a-z_]\w*(?:\.[^\s:,]+)*): (?P<message>.+)", re.DOTALL)
"""A validator of several fields prefixes its message with the path of one: `columns.date: …`."""

MAPPABLE_COLUMNS = frozenset(c.name for c in CONTENT) - {"extra", "status", "sold_at", "sale_date"} | {
    "sale_id",
    "line_key",
    "source_version",
    "status",
    "date",
    "time",
    "region",
}
"""What `columns` may map: the content columns, the key, the version, and `date` (with `time` if the source has it in a
separate column), from which sold_at and sale_date are derived."""

ID_COLUMNS = frozenset(
    {"sale_id", "line_key", "store_id", "salesperson_id", "customer_id", "product_id", "returns_sale_id"}
)
"""Id columns: their values are text, even if they look like numbers."""

NUMERIC_COLUMNS = frozenset({"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})


@dataclass(frozen=True)
class Mistake:
    path: FieldPath
    message: str
    at_key: bool = True
    """Whether the field's key is the error, by its name or presence; otherwise the field's value is."""

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path)) or 'contract'}: {self.message}"


def translate_errors(errors: Iterable[Mapping[str, Any]], fields: Mapping[str, Mapping[str, Any]]) -> Iterator[Mistake]:
    """Translate pydantic's errors. fields: section ("" for the contract's own) → its fields."""
    for error in errors:
        path, message = tuple(error["loc"]), str(error["msg"]).removeprefix("Value error, ")
        match error["type"]:
            case "extra_forbidden":
                yield Mistake(path, _unknown(path, fields))
            case "missing":
                yield Mistake(path, "is required")
            case "value_error":
                yield from (_parse_prefix(path, line) for line in message.split("\n"))
            case "literal_error":
                yield Mistake(path, f"{_must(message)}, not {error['input']!r}.{_suggestion(error)}", at_key=False)
            case _:
                yield Mistake(path, _must(message), at_key=False)


def _unknown(path: FieldPath, fields: Mapping[str, Mapping[str, Any]]) -> str:
    name = str(path[-1])
    siblings = fields.get(".".join(part for part in path[:-1] if isinstance(part, str)), {})
    hint = suggest_nearest(name, siblings)
    section = next((section for section, names in fields.items() if section and name in names), None)
    if section and not hint:
        hint = f" It belongs in the section {section}: {section}.{name}."
    if siblings and not hint:
        hint = f" Allowed fields: {', '.join(siblings)}."
    return f"unknown field.{hint}"


def _parse_prefix(path: FieldPath, line: str) -> Mistake:
    match = _PREFIXED.fullmatch(line)
    if match is None:
        return Mistake(path, line, at_key=False)
    return Mistake((*path, *match["path"].split(".")), match["message"])


def _must(message: str) -> str:
    text = re.sub(r"^(Input|String|Value|Tuple|Dictionary|Decimal input) should ", "must ", message)
    return text.replace("a valid tuple", "a list").replace("a valid dictionary", "a section: name: value")


def _suggestion(error: Mapping[str, Any]) -> str:
    expected = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
    return suggest_nearest(str(error["input"]), expected)


def float_id_pattern(decimal: str) -> str:
    """Regular expression of an ID that a program wrote as a decimal number, such as 12557.0; its digits are a group.

    decimal: the expression of the decimal sign.
    """
    return rf"([0-9]+){decimal}0+"


def whole_id_pattern(decimal: str) -> str:
    """As `float_id_pattern`, also of IDs without a decimal part."""
    return rf"[0-9]+(?:{decimal}0+)?"


class Contract(ContractSection):
    """The file format of one source."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)
    """Name of the contract, used for `--region` and as the file name."""
    version: int = Field(1, ge=1)
    """Increases by one with each change; rows keep the version with which they were read."""
    region: str = Field(min_length=1, max_length=60)
    """Region of the sales; several contracts can share a region."""
    description: str = ""
    """Description for users."""
    currency: str = Field("", pattern=r"^([A-Z]{3})?$")
    """ISO 4217 code of every amount, unless a column contains it."""
    country: str = ""
    """Country of every line, unless a column contains it."""
    channel: str = ""
    """Channel of every line, unless a column contains it."""
    file: FileStyle = FileStyle()
    """Encoding and structure of the file."""
    numbers: NumberStyle = NumberStyle()
    """Format of numbers."""
    amounts: AmountRule = AmountRule()
    """Units, rates and tax of amounts."""
    dates: DateStyle = DateStyle()
    """Format and time zone of dates."""
    missing: tuple[str, ...] = ()
    """Words that mean "no value" in this source, in addition to the empty cell."""
    columns: dict[str, str]
    """Column of a sale line → header of the source; columns of other headers are kept in `extra`."""
    extra_columns: tuple[str, ...] = ()
    """Known headers that are only kept in `extra`."""
    new_columns: Literal["ask", "keep"] = "ask"
    """What to do with a header that is new to the contract: `ask` holds the file once, `keep` stores the column in
    `extra`."""
    made: dict[str, Made] = Field(default_factory=dict)
    """Header of a derived column → how it is derived from the source's columns; `columns` can map it."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Column → word of the source → its replacement; other words are kept, and `allowed` can reject them."""
    constants: dict[str, str] = Field(default_factory=dict)
    """Column → its value in every line, if the source has no such column."""
    where_missing: dict[str, MissingRule] = Field(default_factory=dict)
    """Column → words that mean "no value" in it, and what to do with missing values."""
    identity: Identity = Identity()
    """How sales are identified."""
    status: StatusRule = StatusRule()
    """How the status of a line is determined."""
    ranges: dict[str, Range] = Field(default_factory=dict)
    """Column → its allowed range."""
    expected: tuple[str, ...] = ()
    """Columns that give a warning if they are empty in a row."""
    stores: tuple[str, ...] = ()
    """The known stores; other stores give a warning. Empty: every store is accepted."""
    products: tuple[str, ...] = ()
    """The known products; other products give a warning. Empty: every product is accepted."""
    allowed: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → its allowed values; rows with other values are rejected."""
    line_total_tolerance: Decimal = Decimal("0.01")
    """Largest difference between a line's total and quantity × price less discount that gives no warning."""
    outliers: OutlierRule | None = None
    """Which unusual values give a warning; none by default, `outliers: {}` for all."""
    refused_threshold: float = Field(0.2, ge=0, le=1)
    """A file with a larger fraction of rejected rows is held for review."""
    schedule: Schedule = Schedule()
    """When files are expected."""
    replaces: Literal["", "sale", "store-day"] = ""
    """Scope for which each file is complete: lines missing from a later file for the same sale, or store and day, are
    removed."""
    where_till_differs: Literal["ask", "file", "till"] = "ask"
    """Which source takes precedence if a file and a till or form differ in a line; `ask` quarantines the row."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.file.date_in_name:
            self.columns.setdefault("date", FILE_DATE)
        values = value_errors(self.columns, self.where_missing, self.values, self.constants)
        derived = derived_column_errors(set(self._needed), self.made)
        amounts = amount_errors(self.amounts, self.columns, NUMERIC_COLUMNS)
        errors = [*self._mapping_errors(), *self._column_errors(), *amounts, *values, *derived]
        if errors:
            raise ValueError("\n".join(errors))
        return self

    def _mapping_errors(self) -> Iterator[str]:
        """Each is prefixed with the path of its field and a colon, from which its position in the file is derived."""
        for name in self.columns:
            if name not in MAPPABLE_COLUMNS:
                hint = suggest_nearest(name, MAPPABLE_COLUMNS) or _list_names(MAPPABLE_COLUMNS)
                yield f"columns.{name}: {name} is not a column of a sale line.{hint}"
        if "date" not in self.columns:
            yield "columns: date must be mapped to a header of the source; otherwise set file.date_in_name"
        yield from self._file_errors()
        yield from self._identity_errors()
        if not self.currency and "currency" not in self.columns:
            yield "currency: set the file's currency, or map columns.currency"
        priced = {"quantity", "unit_price"} <= set(self.columns)
        has_amounts = priced or bool(self.amounts.include) or self.amounts.units_only
        if "net_amount" not in self.columns and not has_amounts:
            yield "columns: map net_amount, or both quantity and unit_price, or set amounts.units_only"
        if "store_id" not in self.columns and not self.identity.store and self.identity.ids != "region-wide":
            yield "identity: map columns.store_id, set identity.store, or set ids: region-wide"
        if "status" in self.columns and not self.status.words:
            yield f"status.words: map each word of the status column to one of {', '.join((*STATUSES, IGNORE))}"

    def _file_errors(self) -> Iterator[str]:
        if self.file.date_in_name and self.columns.get("date") != FILE_DATE:
            yield f"file.date_in_name: the date is that of the column {self.columns['date']}; remove one of them"
        for name in self.file.ignore_where:
            if name in self.made:
                yield f"file.ignore_where.{name}: must be a header of the source, not a derived column"

    def _identity_errors(self) -> Iterator[str]:
        """Exactly one rule must identify sales."""
        rules = [f"identity.{name}" for name in ("made_of", "by_content") if getattr(self.identity, name)]
        if "sale_id" not in self.columns and not rules:
            yield (
                "columns: sale_id must be mapped to a header of the source; otherwise set identity.made_of to the "
                "headers that together identify a sale, or set identity.by_content: true"
            )
        if len(rules) + ("sale_id" in self.columns) > 1:
            yield f"{rules[0]}: only one rule can identify sales; remove {', '.join(['columns.sale_id', *rules[1:]])}"
        if rules and self.status.prefixes:
            yield "status.prefixes: requires sale numbers from the source (columns.sale_id)"
        if self.identity.by_content and self.has_line_numbers:
            yield "columns.line_key: cannot be combined with identity.by_content"

    def _column_errors(self) -> Iterator[str]:
        for path, name in [
            *((f"ranges.{name}", name) for name in self.ranges),
            *((f"allowed.{name}", name) for name in self.allowed),
            *((f"expected.{number}", name) for number, name in enumerate(self.expected)),
        ]:
            if name not in BY_NAME:
                yield f"{path}: {name} is not a column of a sale line.{suggest_nearest(name, BY_NAME)}"
        for path, name in [
            *((f"whole_numbers.{number}", name) for number, name in enumerate(self.identity.whole_numbers)),
            *((f"spellings.{name}", name) for name in self.identity.spellings),
        ]:
            if name not in ID_COLUMNS:
                yield f"identity.{path}: {name} is not an ID column; those are {', '.join(sorted(ID_COLUMNS))}"
        for name in self.ranges:
            if name in BY_NAME and name not in NUMERIC_COLUMNS:
                yield f"ranges.{name}: only these columns can have a range: {', '.join(sorted(NUMERIC_COLUMNS))}"

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that a file must have, in the contract's order."""
        return tuple(dict.fromkeys(needed_headers(self._needed, self.made)))

    @property
    def _needed(self) -> tuple[str, ...]:
        """The headers that rows are read from, derived ones included."""
        return (*self.columns.values(), *self.identity.made_of, *self.amounts.term_headers, *self.file.ignore_where)

    @property
    def source_headers(self) -> tuple[str, ...]:
        """The headers in the file itself, without the day in its name."""
        return tuple(name for name in self.headers if name != FILE_DATE)

    @property
    def sale_identity(self) -> tuple[object, ...]:
        """How sales and lines are identified; equal for contracts that give a sale the same id."""
        own = {header: name for name, header in self.columns.items()}
        parts = tuple(own.get(header, header) for header in self.identity.made_of)
        return self.identity.ids, self.has_line_numbers, parts, self.identity.by_content

    @property
    def has_line_numbers(self) -> bool:
        """Whether the source numbers the lines of a sale."""
        return "line_key" in self.columns


def parse_contract(
    data: Any, where: str = "contract", place: Callable[[Mistake], tuple[int, int]] | None = None
) -> Contract:
    """Validate plain data as a contract. Raises `Rejected`, which lists every error with its path and remedy.

    place: maps a mistake to its line and column in the file, which the message then includes.
    """
    try:
        return Contract.model_validate(data)
    except ValidationError as error:
        errors = list(translate_errors(error.errors(include_url=False), contract_fields()))
        messages = [str(mistake) for mistake in errors]
        if place:
            located = sorted(_with_positions(place, errors))
            messages = [f"line {line}, column {column}: {message}" for (line, column), message in located]
        lines = "\n".join(f"  {message}" for message in messages)
        raise Rejected(f"{where} is not a valid contract:\n{lines}") from error


def contract_fields() -> dict[str, Mapping[str, Any]]:
    """Section → its fields; "" for those of the contract itself."""
    sections: dict[str, Mapping[str, Any]] = {"": Contract.model_fields}
    for name, info in Contract.model_fields.items():
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, ContractSection):
                sections[name] = kind.model_fields
    return sections


def _with_positions(
    place: Callable[[Mistake], tuple[int, int]], errors: Iterable[Mistake]
) -> Iterator[tuple[tuple[int, int], str]]:
    return ((place(mistake), str(mistake)) for mistake in errors)


def _list_names(names: Iterable[str]) -> str:
    return f" Allowed columns: {', '.join(sorted(names))}."
