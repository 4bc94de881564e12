"""A settlement on a slice of the ledger, for warehouses that store the ledger elsewhere."""

from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from datetime import date

import duckdb

from tillstream.domain.errors import TooLarge
from tillstream.domain.limits import SETTLEMENT_MEMORY
from tillstream.ledger.additions import Additions, additions
from tillstream.ledger.memory import TABLES_IN_MEMORY, MemoryLedger
from tillstream.ledger.reader import LedgerReader
from tillstream.ledger.settlement_record import LedgerNumbers
from tillstream.ledger.settling import SettlementRunner
from tillstream.ledger.slice import LedgerSlice
from tillstream.ledger.tables import ledger_in_memory
from tillstream.ports.sale_index import SaleIndex
from tillstream.ports.warehouse import Settlement, SettlementResult


@dataclass(frozen=True)
class SliceSettlement:
    """A settlement that is not committed yet."""

    result: SettlementResult
    additions: Additions | None
    """None if there is nothing to settle."""
    index_pairs: Collection[tuple[int, date]]
    """Pairs that the sale index must have before the settlement is committed."""
    pending_days: Collection[date]
    """Days that must be pending in it before; their sales are noted afterwards."""
    last: LedgerNumbers
    """The greatest numbers of the ledger after it."""


def settle_slice(
    settlement: Settlement,
    reader: LedgerReader,
    index: SaleIndex,
    last: LedgerNumbers,
    memory_limit: str = SETTLEMENT_MEMORY,
) -> SliceSettlement:
    """Settle on the slice of the ledger that the settlement can read or change; nothing is stored.

    The staged files of the settlement must be local. last: the greatest numbers of the whole ledger. Raises `TooLarge`.
    """
    try:
        return _settle(settlement, reader, index, last, memory_limit)
    except (duckdb.OutOfMemoryException, MemoryError) as error:
        raise TooLarge(f"The settlement does not fit into {memory_limit} of memory.") from error


def _settle(
    settlement: Settlement, reader: LedgerReader, index: SaleIndex, last: LedgerNumbers, memory_limit: str
) -> SliceSettlement:
    with closing(ledger_in_memory(TABLES_IN_MEMORY, memory_limit)) as cursor:
        ledger_slice = LedgerSlice(MemoryLedger(cursor, reader), index)
        ledger_slice.load(settlement)
        runner = SettlementRunner(cursor, last)
        result = runner.run(settlement)
        added = additions(cursor, runner.settlement_no) if result.settlement_no else None
        numbers = LedgerNumbers(runner.settlement_no, runner.numbering.next_batch - 1)
        return SliceSettlement(result, added, *ledger_slice.missing_pairs(), numbers if added else last)
