"""Expected deliveries of the sources: the schedule of the contract, unless a person has set another one, without the
days on which a person recorded that nothing was sold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tillstream import audit
from tillstream.domain.contract.model import Contract
from tillstream.domain.contract.schedule import AppliedExpectation, Expectation, parse_expectation
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

COLLECTION = "expectations"


@dataclass(frozen=True)
class Nothing:
    """Who recorded that nothing was sold on a day, and when (ISO 8601)."""

    by: str
    at: str


@dataclass(frozen=True)
class StoredExpectation:
    """`by` and `at` (ISO 8601): the last change; empty if the contract's schedule applies."""

    expectation: Expectation
    by: str = ""
    at: str = ""
    nothing_sold: Mapping[date, Nothing] = field(default_factory=dict)
    """Days of a daily source on which nothing was sold; no file is expected for them."""

    def applied(self, expectation: Expectation | None = None) -> AppliedExpectation:
        """Return the expectation, or another one in its place, with the days on which nothing was sold."""
        return AppliedExpectation(
            **dict(expectation or self.expectation), nothing_sold=tuple(sorted(self.nothing_sold))
        )


def of_contract(ports: Ports, contract: Contract) -> StoredExpectation:
    """The expectation that applies to a contract."""
    return _stored(contract, ports.documents.get(COLLECTION, contract.name))


def resolve(ports: Ports, contracts: Iterable[Contract]) -> list[Contract]:
    """The contracts with the expectation that applies as their schedule."""
    by_contract = {document.id: document for document in ports.documents.find(COLLECTION)}
    return [with_expectation(one, _stored(one, by_contract.get(one.name)).applied()) for one in contracts]


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
        entry = audit.entry(ports, by, audit.AuditAction.SETTING_CHANGED, _subject(contract), *sides)
        at = ports.clock.now().isoformat(timespec="seconds")
        return Update(_days_of(document) | {"expectation": after, "by": by, "at": at}, [entry])

    update(ports.documents, COLLECTION, contract.name, changed)


def record_nothing_sold(ports: Ports, contract: Contract, day: date, by: str, *, sold: bool = False) -> None:
    """Record that nothing was sold on a day of a contract, or with `sold` that its file is expected after all.

    The audit entry is in the same write. A day that is recorded so already stays as it is.
    """

    def changed(document: Document | None) -> Update | Document | None:
        days = dict(_days_of(document).get("nothing_sold", {}))
        if (day.isoformat() in days) is not sold:
            return document
        at = ports.clock.now().isoformat(timespec="seconds")
        if sold:
            del days[day.isoformat()]
        else:
            days[day.isoformat()] = {"by": by, "at": at}
        sides = ({"nothing_sold_on": str(day)}, {}) if sold else ({}, {"nothing_sold_on": str(day)})
        entry = audit.entry(ports, by, audit.AuditAction.SETTING_CHANGED, _subject(contract), *sides)
        unset = {"expectation": None, "by": "", "at": ""}
        return Update((document.data if document else unset) | {"nothing_sold": dict(sorted(days.items()))}, [entry])

    update(ports.documents, COLLECTION, contract.name, changed)


def _subject(contract: Contract) -> str:
    return f"expected deliveries of {contract.name}"


def _brief(data: dict[str, Any] | None) -> dict[str, Any] | str:
    """What is set, for the audit log."""
    return "as in the contract" if data is None else {name: value for name, value in data.items() if value}


def _days_of(document: Document | None) -> dict[str, Any]:
    """The part of a document with the days on which nothing was sold; documents of earlier versions lack it."""
    days = document.data.get("nothing_sold") if document else None
    return {"nothing_sold": days} if days else {}


def _stored(contract: Contract, document: Document | None) -> StoredExpectation:
    recorded = _days_of(document).get("nothing_sold", {})
    days = {date.fromisoformat(day): Nothing(one["by"], one["at"]) for day, one in recorded.items()}
    if document is None or document.data["expectation"] is None:
        return StoredExpectation(Expectation.of(contract.schedule), nothing_sold=days)
    expectation = parse_expectation(document.data["expectation"])
    return StoredExpectation(expectation, document.data["by"], document.data["at"], days)
