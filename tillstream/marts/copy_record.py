"""What a read copy has, stored beside its tables: the state, and digest and totals of each part."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal

from tillstream.marts.state import MartState
from tillstream.model.errors import Rejected
from tillstream.ports.warehouse import CopyMark, CopyTotals

FORMAT = 1
Part = tuple[str, str]
"""A table, and a month of it; without a month for a dimension."""


@dataclass(frozen=True)
class CopiedPart:
    """sha256: of its rows as Parquet."""

    sha256: str
    totals: CopyTotals


@dataclass(frozen=True)
class CopyRecord:
    state: MartState
    parts: Mapping[Part, CopiedPart]

    def mark(self) -> CopyMark:
        parts = [
            {"table": table, "month": month, "sha256": part.sha256, "totals": _texts(part.totals)}
            for (table, month), part in sorted(self.parts.items())
        ]
        text = json.dumps({"format": FORMAT, "state": asdict(self.state), "parts": parts})
        return CopyMark(self.state.settlement_no, self.state.as_of, text)


def _texts(totals: CopyTotals) -> dict[str, str]:
    return {name: format(value.normalize() if value else Decimal(0), "f") for name, value in totals.items()}


def read_record(text: str | None) -> CopyRecord | None:
    """None if there is none. Raises `Rejected` for a record of another version."""
    if text is None:
        return None
    try:
        data = json.loads(text)
        if data["format"] != FORMAT:
            raise Rejected(
                f"The copy has format {data['format']}, and this version writes {FORMAT}. Use another schema."
            )
        parts = {
            (part["table"], part["month"]): CopiedPart(
                part["sha256"], {name: Decimal(value) for name, value in part["totals"].items()}
            )
            for part in data["parts"]
        }
        return CopyRecord(MartState(**data["state"]), parts)
    except (ValueError, KeyError, TypeError) as error:
        raise Rejected("The table copied_state is not of a copy. Use another schema.") from error
