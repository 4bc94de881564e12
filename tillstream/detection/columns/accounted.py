"""List every column of a file: mapped, kept as extra, or ignored, with samples and its plain sum."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Literal

from tillstream.detection.columns.roles import Profile
from tillstream.detection.columns.word_uses import to_decimal
from tillstream.detection.evidence import WordUse
from tillstream.detection.sheet import Sheet
from tillstream.detection.values.numbers import NumberStyle
from tillstream.domain.contract.model import IDS

SAMPLES = 3
_MIN_NUMBERS = 0.9
"""Share of numbers from which a column has a sum."""
_CENTS = Decimal("0.000001")


@dataclass(frozen=True)
class ColumnUse:
    """A column of the file and its use. Counts and sums are those of the sampled rows."""

    name: str
    use: Literal["mapped", "extra", "ignored"]
    roles: tuple[str, ...]
    """Columns of a sale line to which it is mapped; `identity` if it only helps to identify sales."""
    samples: tuple[str, ...]
    """The first distinct values."""
    filled: int
    """Number of cells that are not empty."""
    sum: str
    """Sum of its numbers as decimal text; empty unless it is numeric."""
    words: tuple[WordUse, ...] = ()
    """For the status column: each word with its rows, amount and meaning."""

    def to_dict(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "name": self.name,
            "use": self.use,
            "roles": list(self.roles),
            "samples": list(self.samples),
            "filled": self.filled,
            "sum": self.sum or None,
        }
        return data | ({"words": [use.to_dict() for use in self.words]} if self.words else {})


def account(
    sheet: Sheet,
    profiles: Mapping[str, Profile],
    columns: Mapping[str, str],
    parts: Mapping[str, str],
    style: NumberStyle,
    status_words: tuple[WordUse, ...],
) -> tuple[ColumnUse, ...]:
    """Every column in the order of the file. columns: role → header. parts: headers that only help → role.

    A column without any value is ignored, and so is the second column of one name.
    """
    uses = []
    for name in sheet.names:
        column = sheet.columns[name]
        roles = tuple(role for role, header in columns.items() if header == name)
        roles = roles or ((parts[name],) if name in parts else ())
        uses.append(
            ColumnUse(
                name,
                "mapped" if roles else "extra" if column.filled else "ignored",
                roles,
                tuple(islice(column.words, SAMPLES)),
                column.filled,
                "" if IDS & set(roles) else _sum(profiles[name], style),
                status_words if "status" in roles else (),
            )
        )
    return (*uses, *(ColumnUse(name, "ignored", (), (), 0, "") for name in sheet.repeated))


def _sum(profile: Profile, style: NumberStyle) -> str:
    """The plain sum of a numeric column, as a spreadsheet shows it; empty for dates and texts."""
    column = profile.column
    if not column.filled or profile.numbers.share < _MIN_NUMBERS or profile.numbers.percent or profile.may_be_date:
        return ""
    numbers = (
        number * count for word, count in column.words.items() if (number := to_decimal(word, style)) is not None
    )
    return f"{sum(numbers, Decimal(0)).quantize(_CENTS).normalize():f}"
