"""Region contracts: the file format of one source, validated with readable errors."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Literal, Self, get_args

from pydantic import Field, ValidationError, model_validator

from tillstream.domain.columns import BY_NAME, CONTENT, STATUSES
from tillstream.domain.contract.amount_rule import AmountRule, amount_errors
from tillstream.domain.contract.errors import Mistake, nearest, translate_errors
from tillstream.domain.contract.schedule import Schedule
from tillstream.domain.contract.sections import (
    DateStyle,
    FileStyle,
    Identity,
    NumberStyle,
    OutlierRule,
    Range,
    StatusRule,
    Strict,
)
from tillstream.domain.contract.values import Made, MissingRule, derived_column_errors, needed_headers, value_errors
from tillstream.domain.errors import Rejected

MAPPED = frozenset(c.name for c in CONTENT) - {"extra", "status", "sold_at", "sale_date"} | {
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

IDS = frozenset({"sale_id", "line_key", "store_id", "salesperson_id", "customer_id", "product_id", "returns_sale_id"})
"""Id columns: their values are text, even if they look like numbers."""

NUMERIC_COLUMNS = frozenset({"quantity", "unit_price", "discount", "tax", "net_amount", "gross_amount", "unit_cost"})


class Contract(Strict):
    """One source's way of writing its files. Raises pydantic's `ValidationError`; `parse` makes it readable."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)
    """What `--region` takes; also the file's name."""
    version: int = Field(1, ge=1)
    """Grows by one with each change; rows keep the version that read them."""
    region: str = Field(min_length=1, max_length=60)
    """The region the sales are reported to; several contracts may share one."""
    description: str = ""
    """For people."""
    currency: str = Field("", pattern=r"^([A-Z]{3})?$")
    """ISO 4217 code of every amount, unless a column says it."""
    country: str = ""
    """The country of every line, unless a column says it."""
    channel: str = ""
    """The channel of every line, unless a column says it."""
    file: FileStyle = FileStyle()
    """How the bytes become cells."""
    numbers: NumberStyle = NumberStyle()
    """How numbers are written."""
    amounts: AmountRule = AmountRule()
    """What numbers count: units, rates, tax."""
    dates: DateStyle = DateStyle()
    """How dates are written, and where."""
    missing: tuple[str, ...] = ()
    """Words that mean "no value" in this source, besides the empty cell."""
    columns: dict[str, str]
    """Column of a sale line → header of the source; headers that are not named here are kept in `extra`."""
    extra_columns: tuple[str, ...] = ()
    """Headers that are known and only kept in `extra`."""
    new_columns: Literal["ask", "keep"] = "ask"
    """A header that no file of the contract had before: `ask` holds the file once, `keep` takes it into `extra`."""
    made: dict[str, Made] = Field(default_factory=dict)
    """A header of our own → how it is made of the source's; `columns` may map it."""
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    """Column → word of the source → what it means; other words stay, and `allowed` can refuse them."""
    constants: dict[str, str] = Field(default_factory=dict)
    """Column → its text in every line, where the source has no such column."""
    where_missing: dict[str, MissingRule] = Field(default_factory=dict)
    """Column → what means "no value" in it, and what is done then."""
    identity: Identity = Identity()
    """How a sale is named."""
    status: StatusRule = StatusRule()
    """Where the status of a line comes from."""
    ranges: dict[str, Range] = Field(default_factory=dict)
    """Column → its bounds."""
    expected: tuple[str, ...] = ()
    """Columns whose absence in a row is worth a warning."""
    stores: tuple[str, ...] = ()
    """The known stores; another one is worth a warning. Empty: all are known."""
    products: tuple[str, ...] = ()
    """The known products; another one is worth a warning. Empty: all are known."""
    allowed: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → the words it may hold; another word is refused."""
    line_total_tolerance: Decimal = Decimal("0.01")
    """How far a line's total may be from quantity × price less discount before that is worth a warning."""
    outliers: OutlierRule | None = None
    """Which values far from the usual are worth a warning; none unless asked for, `outliers: {}` for all."""
    refused_threshold: float = Field(0.2, ge=0, le=1)
    """A file with a greater part of refused rows is held for a person."""
    schedule: Schedule = Schedule()
    """When its files are expected."""
    replaces: Literal["", "sale", "store-day"] = ""
    """What a file tells whole: lines missing from a later file of the same sale, or store and day, are removed."""
    where_till_differs: Literal["ask", "file", "till"] = "ask"
    """Which side rules where a file and a till or form tell one line differently; `ask` quarantines the row."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        values = value_errors(self.columns, self.where_missing, self.values, self.constants)
        derived = derived_column_errors({*self.columns.values(), *self.identity.made_of}, self.made)
        amounts = amount_errors(self.amounts, self.columns, NUMERIC_COLUMNS)
        errors = [*self._mapping_errors(), *self._column_errors(), *amounts, *values, *derived]
        if errors:
            raise ValueError("\n".join(errors))
        return self

    def _mapping_errors(self) -> Iterator[str]:
        """Each is prefixed with the path of its field and a colon, from which its position in the file is derived."""
        for name in self.columns:
            if name not in MAPPED:
                yield f"columns.{name}: not a column of a sale line.{nearest(name, MAPPED) or _list_names(MAPPED)}"
        if "date" not in self.columns:
            yield "columns: date must be mapped to a header of the source"
        yield from self._identity_errors()
        if not self.currency and "currency" not in self.columns:
            yield "currency: give the file's currency, or map a currency column"
        priced = {"quantity", "unit_price"} <= set(self.columns)
        if "net_amount" not in self.columns and not priced and not self.amounts.include:
            yield "columns: map net_amount, or both quantity and unit_price"
        if "store_id" not in self.columns and not self.identity.store and self.identity.ids != "region-wide":
            yield "identity: map store_id, give a constant store, or say ids: region-wide"
        if "status" in self.columns and not self.status.words:
            yield f"status.words: say which of {', '.join(STATUSES)} each word means"

    def _identity_errors(self) -> Iterator[str]:
        """Exactly one rule must identify sales."""
        rules = [f"identity.{name}" for name in ("made_of", "by_content") if getattr(self.identity, name)]
        if "sale_id" not in self.columns and not rules:
            yield (
                "columns: sale_id must be mapped to a header of the source, or say in identity.made_of which headers "
                "name a sale together, or identity.by_content: true"
            )
        if len(rules) + ("sale_id" in self.columns) > 1:
            yield f"{rules[0]}: sales are named in one way; leave out {', '.join(['columns.sale_id', *rules[1:]])}"
        if rules and self.status.prefixes:
            yield "status.prefixes: only sale numbers of the source (columns.sale_id) have prefixes"
        if self.identity.by_content and self.has_line_numbers:
            yield "columns.line_key: where content names a row, its place in the file must not"

    def _column_errors(self) -> Iterator[str]:
        for path, name in [
            *((f"ranges.{name}", name) for name in self.ranges),
            *((f"allowed.{name}", name) for name in self.allowed),
            *((f"expected.{number}", name) for number, name in enumerate(self.expected)),
        ]:
            if name not in BY_NAME:
                yield f"{path}: {name} is not a column of a sale line.{nearest(name, BY_NAME)}"
        for number, name in enumerate(self.identity.whole_numbers):
            if name not in IDS:
                yield f"identity.whole_numbers.{number}: {name} is not an id; ids are {', '.join(sorted(IDS))}"
        for name in self.ranges:
            if name in BY_NAME and name not in NUMERIC_COLUMNS:
                yield f"ranges.{name}: ranges are only for {', '.join(sorted(NUMERIC_COLUMNS))}"

    @property
    def headers(self) -> tuple[str, ...]:
        """Every header that a file must have, in the contract's order."""
        mapped = (*self.columns.values(), *self.identity.made_of)
        return tuple(dict.fromkeys(needed_headers(mapped, self.made)))

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


def parse(data: Any, where: str = "contract", place: Callable[[Mistake], tuple[int, int]] | None = None) -> Contract:
    """Validate plain data as a contract. Raises `Rejected`, which lists every error with its path and remedy.

    place: maps a mistake to its line and column in the file, which the message then includes.
    """
    try:
        return Contract.model_validate(data)
    except ValidationError as error:
        errors = list(translate_errors(error.errors(include_url=False), fields()))
        messages = [str(mistake) for mistake in errors]
        if place:
            located = sorted(_with_positions(place, errors))
            messages = [f"line {line}, column {column}: {message}" for (line, column), message in located]
        lines = "\n".join(f"  {message}" for message in messages)
        raise Rejected(f"{where} is not a valid contract:\n{lines}") from error


def fields() -> dict[str, Mapping[str, Any]]:
    """Section → its fields; "" for those of the contract itself."""
    sections: dict[str, Mapping[str, Any]] = {"": Contract.model_fields}
    for name, info in Contract.model_fields.items():
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, Strict):
                sections[name] = kind.model_fields
    return sections


def _with_positions(
    place: Callable[[Mistake], tuple[int, int]], errors: Iterable[Mistake]
) -> Iterator[tuple[tuple[int, int], str]]:
    return ((place(mistake), str(mistake)) for mistake in errors)


def _list_names(names: Iterable[str]) -> str:
    return f" Known are {', '.join(sorted(names))}."
