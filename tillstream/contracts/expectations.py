"""Expected deliveries of the sources: the schedule of the contract, unless a person has set another one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tillstream import audit
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import Expectation, parse_expectation
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "expectations"


@dataclass(frozen=True)
class StoredExpectation:
    """`by` and `at` (ISO 8601): the last change; empty if the contract's schedule applies."""

    expectation: Expectation
    by: str = ""
    at: str = ""


def of_contract(ports: Ports, contract: Contract) -> StoredExpectation:
    """The expectation that applies to a contract."""
    return _stored(contract, ports.documents.get(COLLECTION, contract.name))


def resolve(ports: Ports, contracts: Iterable[Contract]) -> list[Contract]:
    """The contracts with the expectation that applies as their schedule."""
    by_contract = {document.id: document for document in ports.documents.find(COLLECTION)}
    return [with_expectation(one, _stored(one, by_contract.get(one.name)).expectation) for one in contracts]


def with_expectation(contract: Contract, expectation: Expectation) -> Contract:
    return contract.model_copy(update={"schedule": expectation})


def save(ports: Ports, contract: Contract, expectation: Expectation | None, by: str) -> None:
    """Set the expectation of a contract; None: its own schedule applies again. The audit entry is in the same write."""

    def changed(document: Document | None) -> Update | Document | None:
        before = document.data["expectation"] if document else None
        after = expectation.model_dump(mode="json") if expectation else None
        if before == after:
            return document
        sides = ({"expectation": _brief(before)}, {"expectation": _brief(after)})
        subject = f"expected deliveries of {contract.name}"
        entry = audit.entry(ports, by, audit.AuditAction.SETTING_CHANGED, subject, *sides)
        at = ports.clock.now().isoformat(timespec="seconds")
        return Update({"expectation": after, "by": by, "at": at}, [entry])

    update(ports.documents, COLLECTION, contract.name, changed)


def _brief(data: dict[str, Any] | None) -> dict[str, Any] | str:
    """What is set, for the audit log."""
    return "as in the contract" if data is None else {name: value for name, value in data.items() if value}


def _stored(contract: Contract, document: Document | None) -> StoredExpectation:
    if document is None or document.data["expectation"] is None:
        return StoredExpectation(Expectation.of(contract.schedule))
    expectation = parse_expectation(document.data["expectation"])
    return StoredExpectation(expectation, document.data["by"], document.data["at"])
