"""Contract sections for cell values: missing values, value maps, constants and derived columns."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from tillstream.domain.contract.errors import nearest
from tillstream.domain.contract.sections import Strict

CONSTANT = frozenset(
    {"salesperson_id", "customer_id", "customer_name", "product_id", "product_name", "category", "country", "channel"}
)
"""Columns that `constants` may set; currency, region and store have fields of their own."""


class MissingRule(Strict):
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


class Made(Strict):
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
    def of(self) -> tuple[str, ...]:
        """The headers it is derived from."""
        return self.join or (self.split or self.filled or self.sign_of or self.word_of,)


def needed_headers(mapped: Iterable[str], derived: Mapping[str, Made]) -> Iterator[str]:
    """Headers that the file must have for the mapped ones, derived columns resolved; may repeat."""
    for header in mapped:
        if header in derived:
            yield from needed_headers(derived[header].of, derived)
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
                yield f"{field}.{name}: {name} is not mapped in columns.{nearest(name, columns)}"
    if "status" in values:
        yield "values.status: map the words of the status column in status.words instead"
    if where_missing.get("sale_id", MissingRule()).do == "default":
        yield "where_missing.sale_id: a sale number cannot have a default"
    for name in constants:
        if name not in CONSTANT:
            allowed = f"Columns that can be constants: {', '.join(sorted(CONSTANT))}."
            yield f"constants.{name}: {name} cannot be a constant.{nearest(name, CONSTANT) or f' {allowed}'}"
        elif name in columns:
            yield f"constants.{name}: {name} is also mapped in columns; remove one of them"


def derived_column_errors(mapped: set[str], derived: Mapping[str, Made]) -> Iterator[str]:
    """As `value_errors`. mapped: the headers that the contract uses."""
    defined: set[str] = set()
    for header, rule in derived.items():
        later = [name for name in rule.of if name in derived and name not in defined]
        if later:
            yield f"made.{header}: {', '.join(later)} must be defined before it"
        defined.add(header)
    used = {*mapped, *(name for rule in derived.values() for name in rule.of)}
    for header in derived:
        if header not in used:
            yield f"made.{header}: the column is not used; map it in columns"
