"""Stock movements as JSON: the messages of programs, their schema, and the parts of them that are wrong."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tillstream.model.errors import Rejected
from tillstream.stock.movements import (
    MAX_CHARACTERS,
    MAX_LINES,
    REASONS,
    DayPart,
    Movement,
    MovementKind,
    MovementLine,
    movement_problem,
)
from tillstream.stock.stored_movements import movement_content

MAX_MOVEMENTS = 100
"""Movements of one message, which are recorded together or not at all."""
MessageKind = Literal[
    "count",
    "receipt",
    "transfer-out",
    "transfer-in",
    "transfer-loss",
    "adjustment",
    "write-off",
    "supplier-return",
    "unsellable-return",
]
"""Kinds that programs record; a cancellation is made in the portal."""
_Code = Annotated[str, Field(min_length=1, max_length=MAX_CHARACTERS)]
_Text = Annotated[str, Field(max_length=MAX_CHARACTERS)]


class InvalidMovements(Rejected):
    """Parts of a message are wrong. problems: movement (its position, from 0), field, and detail of each."""

    def __init__(self, problems: Sequence[dict[str, Any]]) -> None:
        super().__init__("The movements cannot be recorded; see problems.")
        self.problems = list(problems)


class _Message(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class LineMessage(_Message):
    product_id: _Code = Field(description="A code of the product")
    quantity: Decimal = Field(
        max_digits=21, decimal_places=9, description="Units; for a count those that are there, signed for adjustments"
    )
    occurred_at: AwareDatetime | None = Field(None, description="When it happened; default: that of the movement")


class MovementMessage(_Message):
    movement_id: _Code = Field(description="ID that you choose; the same ID again changes nothing")
    kind: MessageKind
    region: _Code
    store_id: _Code
    stock_date: date = Field(description="Business day of the store")
    lines: list[LineMessage] = Field(min_length=1, max_length=MAX_LINES)
    occurred_at: AwareDatetime | None = Field(None, description="When it happened; default: only the day is recorded")
    day_part: Literal["before opening", "after closing"] = Field(
        "after closing", description="When it happened, if only the day is recorded"
    )
    reason: Literal["", *REASONS] = Field("", description="Of adjustments and write-offs")  # type: ignore[valid-type]
    reference: _Text = Field("", description="Order, ID of the transfer, or sale")
    other_store: _Text = Field("", description="The other store of a transfer, in the same region")
    note: _Text = ""

    def movement(self) -> Movement:
        lines = tuple(MovementLine(one.product_id, one.quantity, one.occurred_at) for one in self.lines)
        values = {name: getattr(self, name) for name in ("movement_id", "region", "store_id", "stock_date")}
        texts = {name: getattr(self, name) for name in ("reason", "reference", "other_store", "note")}
        return Movement(
            **values,
            **texts,
            kind=MovementKind(self.kind),
            lines=lines,
            occurred_at=self.occurred_at,
            day_part=DayPart(self.day_part),
        )


class MovementsMessage(_Message):
    movements: list[MovementMessage] = Field(min_length=1, max_length=MAX_MOVEMENTS)


def parse_movements(content: bytes, latest: date) -> list[Movement]:
    """The movements of a message. latest: no movement is later than this day. Raises `InvalidMovements`."""
    try:
        messages = MovementsMessage.model_validate_json(content).movements
    except ValidationError as error:
        raise InvalidMovements([_violation(one["loc"], one["msg"]) for one in error.errors()]) from error
    movements = [one.movement() for one in messages]
    problems = [
        _violation(("movements", at), words) for at, one in enumerate(movements) if (words := _problem(one, latest))
    ]
    if problems:
        raise InvalidMovements(problems)
    return movements


def movement_json(movement: Movement) -> dict[str, Any]:
    """A movement as a message; times are ISO 8601 text in UTC."""
    content = movement_content(movement)
    return content | {"occurred_at": content["occurred_at"] or None}


def _problem(movement: Movement, latest: date) -> str:
    if not date(1970, 1, 2) <= movement.stock_date <= latest:
        return f"{movement.stock_date} is in the future or before 1970."
    return movement_problem(movement)


def _violation(location: Sequence[int | str], message: str) -> dict[str, Any]:
    is_of_one = len(location) > 1 and isinstance(location[1], int)
    field = location[2:] if is_of_one else location
    return {"movement": location[1] if is_of_one else None, "field": ".".join(map(str, field)), "detail": message}
