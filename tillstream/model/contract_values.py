"""Contract sections for amounts and cell values: units, rates and tax; missing values, constants, derived columns."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Literal, Self

from pydantic import Field, model_validator

from tillstream.model.contract_sections import ContractSection
from tillstream.model.text import suggest_nearest

_MAX_FACTOR_DIGITS = 20
_AMOUNT_COLUMNS = ("unit_price", "discount", "tax", "net_amount", "gross_amount")

CONSTANT_COLUMNS = frozenset(
    {"salesperson_id", "customer_id", "customer_name", "product_id", "product_name", "category", "country", "channel"}
)
"""Columns that `constants` may set; currency, region and store have fields of their own."""


class AmountRule(ContractSection):
    """Units, rates and tax of amounts. Values are computed exactly and rounded half away from zero to nine decimal
    places."""

    factors: dict[str, Decimal] = Field(default_factory=dict)
    """Column → factor by which its numbers are multiplied, for example `{unit_price: 0.01}` if prices are in cents."""
    minor_units: tuple[str, ...] = ()
    """Columns whose amounts are in the minor unit of their currency, such as cents. They are divided by 100, or by what
    the currency requires: amounts in JPY, which has no minor unit, are unchanged, and those in KWD divided by 1000."""
    discount: Literal["amount", "rate", "percent"] = "amount"
    """Content of the discount column: an amount, a `rate` (0.05) or a `percent` (5) of quantity × price; a cell 5% is
    5 percent in both."""
    tax: Literal["amount", "rate", "percent"] = "amount"
    """Content of the tax column: an amount, a `rate` (0.19) or a `percent` (19) of the net amount of its row; a cell
    19% is 19 percent in both. With `include: tax`, tax is gross_amount × rate ÷ (1 + rate)."""
    less_discount: bool = False
    """`true`: the source's net_amount or gross_amount is before the discount, an amount that is subtracted from it."""
    subtract: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → headers of the source whose numbers are subtracted from it, as in `{net_amount: [Shipping], quantity:
    [Returned]}`; an empty cell is 0."""
    add: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Column → headers of the source whose numbers are added to it, such as refunds with a minus sign or another
    tax. An empty cell is 0 if another one is filled."""
    refunded: dict[str, str] = Field(default_factory=dict)
    """Header of refunds → header of the total with tax that they are a part of, as in `{Refund: Order Total}`. The net
    amount, tax and gross amount of the row fall in the proportion of the refund to that total; an empty cell is 0."""
    remaining: dict[str, str] = Field(default_factory=dict)
    """Header of the total after refunds → header of the total before them. The net amount, tax and gross amount of the
    row fall in the same proportion; an empty cell means that nothing was refunded."""
    units_only: bool = False
    """`true`: the source has quantities and no amounts; every net_amount is 0, and its revenue is not known."""
    include: Literal["", "tax"] = ""
    """`tax`: prices and totals include tax. gross_amount is the file's total, or quantity × price less discount;
    net_amount is exactly gross_amount less tax."""
    tax_rate: Decimal | None = Field(None, ge=0, le=1, max_digits=12)
    """Tax as a fraction of the net amount (0.19) if there is no tax column: tax is gross_amount × rate ÷ (1 + rate)."""

    def is_rate(self, name: str) -> bool:
        """Whether the cells of a column are rates, not amounts."""
        return {"discount": self.discount, "tax": self.tax}.get(name, "amount") != "amount"

    def terms(self, name: str) -> Iterator[tuple[str, int]]:
        """Each header that is part of a column's values, with 1 if it is added, or -1."""
        yield from ((header, 1) for header in self.add.get(name, ()))
        yield from ((header, -1) for header in self.subtract.get(name, ()))

    @property
    def term_headers(self) -> tuple[str, ...]:
        terms = (header for part in (self.add, self.subtract) for headers in part.values() for header in headers)
        return (
            *terms,
            *(header for part in (self.refunded, self.remaining) for pair in part.items() for header in pair),
        )


def amount_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    """Conflicts between the rule and the mapped columns, each prefixed with the path of its field."""
    for name, factor in rule.factors.items():
        if name not in numbers:
            yield f"amounts.factors.{name}: only these columns can have a factor: {', '.join(sorted(numbers))}"
        elif name not in columns:
            yield f"amounts.factors.{name}: {name} is not mapped in columns"
        if not factor or not factor.is_finite() or len(f"{factor:f}") > _MAX_FACTOR_DIGITS:
            yield (
                f"amounts.factors.{name}: a factor must be a number other than 0 with at most "
                f"{_MAX_FACTOR_DIGITS} digits"
            )
    yield from _term_errors(rule, columns, numbers)
    yield from _rate_errors(rule, columns)
    if rule.less_discount and ("discount" not in columns or not {"net_amount", "gross_amount"} & set(columns)):
        yield "amounts.less_discount: map columns.discount, and columns.net_amount or columns.gross_amount"
    if rule.less_discount and rule.discount != "amount":
        yield f"amounts.less_discount: the discount must be an amount, not a {rule.discount}"
    if rule.units_only:
        yield from _units_only_errors(rule, columns)
    yield from _minor_unit_errors(rule, columns, numbers)
    yield from _tax_errors(rule, columns)


def _rate_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if rule.discount != "amount" and not {"discount", "quantity", "unit_price"} <= set(columns):
        yield f"amounts.discount: a {rule.discount} requires columns.discount, columns.quantity and columns.unit_price"
    if rule.tax != "amount" and "tax" not in columns:
        yield f"amounts.tax: a {rule.tax} requires columns.tax"
    for name in rule.factors:
        if rule.is_rate(name):
            yield f"amounts.factors.{name}: factors are only for amounts; use {name}: percent or {name}: rate instead"


def _term_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    for field, name in [*(("add", name) for name in rule.add), *(("subtract", name) for name in rule.subtract)]:
        if name not in numbers:
            yield f"amounts.{field}.{name}: only these columns have numbers: {', '.join(sorted(numbers))}"
        elif name not in columns:
            yield f"amounts.{field}.{name}: {name} is not mapped in columns"
        elif rule.is_rate(name):
            yield f"amounts.{field}.{name}: the {name} must be an amount, not a rate or a percent"


def _units_only_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if "quantity" not in columns:
        yield "amounts.units_only: map columns.quantity, because only units are counted"
    amounts = [name for name in _AMOUNT_COLUMNS if name in columns]
    if amounts:
        yield f"amounts.units_only: the source has no amounts, so remove columns.{amounts[0]}"
    if rule.include:
        yield "amounts.units_only: cannot be combined with amounts.include"


def _minor_unit_errors(rule: AmountRule, columns: Mapping[str, str], numbers: frozenset[str]) -> Iterator[str]:
    money = numbers - {"quantity"}
    for number, name in enumerate(rule.minor_units):
        path = f"amounts.minor_units.{number}"
        if name not in money:
            yield f"{path}: {name} is not a column of money; those are {', '.join(sorted(money))}"
        elif name not in columns:
            yield f"{path}: {name} is not mapped in columns"
        elif name in rule.factors:
            yield f"{path}: {name} also has a factor; remove one of them"
        elif rule.is_rate(name):
            yield f"{path}: a {name} that is a rate or a percent has no unit"


def _tax_errors(rule: AmountRule, columns: Mapping[str, str]) -> Iterator[str]:
    if not rule.include:
        if rule.tax_rate is not None:
            yield "amounts.tax_rate: only allowed if amounts include tax (include: tax)"
        return
    if ("tax" in columns) == (rule.tax_rate is not None):
        yield "amounts.include: set exactly one of columns.tax and amounts.tax_rate"
    if "net_amount" in columns:
        yield "columns.net_amount: amounts include tax, so map the file's total as columns.gross_amount"
    if "gross_amount" not in columns and not {"quantity", "unit_price"} <= set(columns):
        yield "amounts.include: map columns.gross_amount, or both columns.quantity and columns.unit_price"


class MissingRule(ContractSection):
    """Words that mean "no value" in one column, and what to do with missing values."""

    words: tuple[str, ...] = ()
    """Words that mean "no value" in this column, in addition to those of `missing`."""
    do: Literal["empty", "refuse", "default"] = "empty"
    """`empty`: the value stays empty; `refuse`: the row is rejected; `default`: `value` is used, with a warning."""
    value: str = ""
    """Value for `default`, in the format of the source."""

    @model_validator(mode="after")
    def _value_with_default(self) -> Self:
        if (self.do == "default") != bool(self.value):
            raise ValueError("`value` is required with do: default, and not allowed otherwise")
        return self


class Made(ContractSection):
    """A column derived from others, as `{join: [First, Last], between: " "}`, `{split: Code, by: "-", part: 2}`,
    `{filled: Cancelled at, word: cancelled}`, `{word_of: Number, words: [INV, CN]}` or `{sign_of: Total}`."""

    join: tuple[str, ...] = ()
    """Headers whose texts are joined in this order; empty texts are skipped."""
    between: str = " "
    """Separator between joined texts."""
    split: str = ""
    """Header whose text is split."""
    by: str = ""
    """Separator at which the text is split."""
    filled: str = ""
    """Header whose filled cells become `word`, whatever they contain, such as the date of a cancellation."""
    word: str = ""
    """Text for `filled`."""
    part: int = Field(0, ge=-100, le=100)
    """Part to keep: 1 is the first, -1 the last; empty if there are fewer parts."""
    sign_of: str = ""
    """Header of amounts of which only the currency sign is kept, without points: € of €9.75, CHF of 9.75 CHF. `values`
    maps the signs to currencies."""
    word_of: str = ""
    """Header of texts of which only one of `words` is kept, if the text begins or ends with it: CN of CN-1001. Other
    texts become empty."""
    words: tuple[str, ...] = ()
    """Words for `word_of`."""

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        rules = (self.join, self.split, self.filled, self.sign_of, self.word_of)
        if list(map(bool, rules)).count(True) != 1:
            raise ValueError("set one of join, split, filled, sign_of and word_of")
        if bool(self.word_of) != bool(self.words) or not all(word.strip() for word in self.words):
            raise ValueError("word_of requires words (which are kept), and only word_of has them")
        if bool(self.filled) != bool(self.word):
            raise ValueError("filled requires word (its text for filled cells), and only filled has it")
        if self.split and not (self.by and self.part):
            raise ValueError("split requires by (the separator) and part (1 is the first, -1 the last)")
        return self

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers it is derived from."""
        return self.join or (self.split or self.filled or self.sign_of or self.word_of,)


def needed_headers(mapped: Iterable[str], derived: Mapping[str, Made]) -> Iterator[str]:
    """Headers that the file must have for the mapped ones, derived columns resolved; may repeat."""
    for header in mapped:
        if header in derived:
            yield from needed_headers(derived[header].headers, derived)
        else:
            yield header


def value_errors(
    columns: Mapping[str, str],
    where_missing: Mapping[str, MissingRule],
    values: Mapping[str, Mapping[str, str]],
    constants: Mapping[str, str],
) -> Iterator[str]:
    """Conflicts between these fields of a contract, each prefixed with the path of its field."""
    for field, names in (("where_missing", where_missing), ("values", values)):
        for name in names:
            if name not in columns:
                yield f"{field}.{name}: {name} is not mapped in columns.{suggest_nearest(name, columns)}"
    if "status" in values:
        yield "values.status: map the words of the status column in status.words instead"
    if where_missing.get("sale_id", MissingRule()).do == "default":
        yield "where_missing.sale_id: a sale number cannot have a default"
    for name in constants:
        if name not in CONSTANT_COLUMNS:
            allowed = f"Columns that can be constants: {', '.join(sorted(CONSTANT_COLUMNS))}."
            yield (
                f"constants.{name}: {name} cannot be a "
                f"constant.{suggest_nearest(name, CONSTANT_COLUMNS) or f' {allowed}'}"
            )
        elif name in columns:
            yield f"constants.{name}: {name} is also mapped in columns; remove one of them"


def derived_column_errors(mapped: set[str], derived: Mapping[str, Made]) -> Iterator[str]:
    """As `value_errors`. mapped: the headers that the contract uses."""
    defined: set[str] = set()
    for header, rule in derived.items():
        later = [name for name in rule.headers if name in derived and name not in defined]
        if later:
            yield f"made.{header}: {', '.join(later)} must be defined before it"
        defined.add(header)
    used = {*mapped, *(name for rule in derived.values() for name in rule.headers)}
    for header in derived:
        if header not in used:
            yield f"made.{header}: the column is not used; map it in columns"
