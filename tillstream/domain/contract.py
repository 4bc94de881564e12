"""Region contracts: how one source writes its files. Read from YAML, checked with clear errors."""

from decimal import Decimal
from typing import Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from tillstream.domain.columns import BY_NAME, CONTENT, STATUSES
from tillstream.domain.errors import Rejected
from tillstream.domain.styles import DateStyle, FileStyle, Identity, NumberStyle, Range, StatusRule, Strict

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
    dates: DateStyle = DateStyle()
    """How dates are written, and where."""
    missing: tuple[str, ...] = ()
    """Words that mean "no value" in this source, besides the empty cell."""
    columns: dict[str, str]
    """Column of a sale line → header of the source; headers that are not named here are kept in `extra`."""
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
    refused_threshold: float = Field(0.2, ge=0, le=1)
    """A file with a greater part of refused rows is held for a person."""
    replaces: Literal["", "sale", "store-day"] = ""
    """What a file tells whole: lines missing from a later file of the same sale, or store and day, are removed."""
    where_till_differs: Literal["ask", "file", "till"] = "ask"
    """Which side rules where a file and a till or form tell one line differently; `ask` quarantines the row."""

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
        if "status" in self.columns and not self.status.words:
            raise ValueError(f"status.words: say which of {', '.join(STATUSES)} each word means")
        return self

    @model_validator(mode="after")
    def _of_known_columns(self) -> Self:
        for field in ("ranges", "allowed", "expected"):
            names = set(getattr(self, field)) - set(BY_NAME)
            if names:
                raise ValueError(f"{field}: {', '.join(sorted(names))}: not a column of a sale line")
        if set(self.ranges) - CHECKED:
            raise ValueError(f"ranges: only for {', '.join(sorted(CHECKED))}")
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
        lines = [f"  {_place(item['loc'])}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()]
        raise Rejected(f"{where} is not a valid contract:\n" + "\n".join(lines)) from error


def _place(parts: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in parts) or "contract"
