"""Sample settlements of docs/scale.md: what the adapter of BigQuery sends for each kind."""

from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from devtools.billing.queries import Statement, script_statements
from devtools.billing.samples import TODAY, SampleWarehouse, SettlementCalls, sales
from devtools.billing.traffic import NOW, Ledger
from tillstream.ports.warehouse import Settlement

LATER = NOW + timedelta(minutes=1)
OLDER = TODAY - timedelta(days=5)


@dataclass(frozen=True)
class Samples:
    """Settlements with new sales of this day; all but the first with something of one more day."""

    new: SettlementCalls
    file: SettlementCalls
    """New sales of a file."""
    late: SettlementCalls
    """New sales of a till."""
    corrected: SettlementCalls
    """Changed sales of a till."""


@cache
def samples() -> Samples:
    with TemporaryDirectory() as folder:
        warehouse = SampleWarehouse(Path(folder))
        till = warehouse.from_till
        warehouse.settle(Settlement([till("before", sales(1, [OLDER], prefix="old"))]))
        changed = sales(1, [OLDER], prefix="old", amount="8")
        yesterday = sales(1, [TODAY - timedelta(days=1)], prefix="file")
        return Samples(
            new=warehouse.settle(Settlement([till("new", sales(1))])),
            file=warehouse.settle(
                Settlement([till("new-2", sales(1, prefix="2")), warehouse.from_file("file", yesterday)])
            ),
            late=warehouse.settle(
                Settlement([till("late", [*sales(1, prefix="3"), *sales(1, [OLDER], prefix="late")])])
            ),
            corrected=warehouse.settle(
                Settlement([till("corrected", [*sales(1, prefix="4"), *changed], received=LATER)])
            ),
        )


def statements(calls: SettlementCalls) -> list[Statement]:
    """The statements that are billed."""
    return [statement for query in calls.queries for statement in script_statements(query) if statement.reads]


def query_bytes(calls: SettlementCalls, ledger: Ledger) -> int:
    return sum(statement.bytes(ledger) for statement in statements(calls))


def read_bytes(calls: SettlementCalls, ledger: Ledger) -> float:
    return sum(session.bytes(ledger) for session in calls.reads)
