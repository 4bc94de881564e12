"""Contracts whose figures a person confirmed before files are loaded without one.

A contract that has loaded a file counts as confirmed, so that homes of earlier versions keep working.
"""

from tillstream.batches import records
from tillstream.contracts import loader
from tillstream.domain.batch.record import IN_LEDGER
from tillstream.domain.contract.model import Contract
from tillstream.ports import Ports

COLLECTION = "confirmed_contracts"


def needs_confirmation(ports: Ports, contract: Contract) -> bool:
    """Whether a person must confirm the figures of the contract's first file; never for a shipped contract."""
    if ports.documents.get(COLLECTION, contract.name) or loader.shipped().get(contract.name) == contract:
        return False
    if not _has_loaded(ports, contract.name):
        return True
    confirm(ports, contract.name, "")
    return False


def confirm(ports: Ports, contract: str, by: str) -> None:
    """Record that a contract is confirmed. by: empty if the files that it has loaded confirm it. Idempotent."""
    if ports.documents.get(COLLECTION, contract) is None:
        at = ports.clock.now().isoformat(timespec="seconds")
        ports.documents.put(COLLECTION, contract, {"contract": contract, "by": by, "at": at})


def _has_loaded(ports: Ports, contract: str) -> bool:
    return any(
        ports.documents.find(records.COLLECTION, {"contract": contract, "state": state.value}, limit=1)
        for state in sorted(IN_LEDGER)
    )
