"""The numbers of settlements and batches, counted from 1."""

from dataclasses import dataclass

from tillstream.ledger.script_runner import ScriptRunner


@dataclass(frozen=True)
class LedgerNumbers:
    """The greatest numbers in a ledger; 0: none."""

    settlement_no: int
    batch_no: int


def last_numbers(script: ScriptRunner) -> LedgerNumbers:
    return LedgerNumbers(
        script.number("SELECT COALESCE(MAX(settlement_no), 0) FROM settlements"),
        script.number("SELECT COALESCE(MAX(batch_no), 0) FROM batches"),
    )
