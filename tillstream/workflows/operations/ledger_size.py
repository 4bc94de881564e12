"""How large the ledger is, and when it last changed."""

from dataclasses import dataclass
from datetime import datetime

import sql
from tillstream.ports.warehouse import Warehouse


@dataclass(frozen=True)
class LedgerSize:
    """lines: current sale lines. as_of: time of the last settlement, UTC; None before the first."""

    lines: int
    as_of: datetime | None


def read(warehouse: Warehouse) -> LedgerSize:
    row = warehouse.query(sql.text("ledger/ledger_size")).to_pylist()[0]
    return LedgerSize(row["line_count"], row["as_of"])
