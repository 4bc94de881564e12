"""What people set for a source beside its contract: expected deliveries, and import without preview.

No delivery is expected for days on which a person recorded that nothing was sold.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from tillstream.model import audit
from tillstream.model.contract import Contract
from tillstream.model.contract_schedule import AppliedExpectation, Expectation, parse_expectation
from tillstream.model.document_json import JsonObject
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

EXPECTATIONS_COLLECTION = "expectations"
IMPORT_SETTINGS_COLLECTION = "import_settings"


@dataclass(frozen=True)
class NothingSold:
    """Who recorded that nothing was sold on a day, and when (ISO 8601)."""

    by: str
    at: str


@dataclass(frozen=True)
class StoredExpectation:
    """`by` and `at` (ISO 8601): the last change; empty if the contract's schedule applies."""

    expectation: Expectation
    by: str = ""
    at: str = ""
    nothing_sold: Mapping[date, NothingSold] = field(default_factory=dict)
    """Days of a daily source on which nothing was sold; no file is expected for them."""

    def applied(self, expectation: Expectation | None = None) -> AppliedExpectation:
        """Return the expectation, or another one in its place, with the days on which nothing was sold."""
        return AppliedExpectation(
            **dict(expectation or self.expectation), nothing_sold=tuple(sorted(self.nothing_sold))
        )


def expectation_of_contract(ports: Ports, contract: Contract) -> StoredExpectation:
    """The expectation that applies to a contract."""
    return _stored_expectation(contract, ports.documents.get(EXPECTATIONS_COLLECTION, contract.name))


def with_expectations(ports: Ports, contracts: Iterable[Contract]) -> list[Contract]:
    """The contracts with the expectation that applies as their schedule."""
    by_contract = {document.id: document for document in ports.documents.find(EXPECTATIONS_COLLECTION)}
    return [with_expectation(one, _stored_expectation(one, by_contract.get(one.name)).applied()) for one in contracts]


def with_expectation(contract: Contract, expectation: Expectation) -> Contract:
    return contract.model_copy(update={"schedule": expectation})


def save_expectation(ports: Ports, contract: Contract, expectation: Expectation | None, by: str) -> None:
    """Set the expectation of a contract; None: its own schedule applies again. The audit entry is in the same write."""

    def changed(document: Document | None) -> Update | Document | None:
        before = document.data["expectation"] if document else None
        after = expectation.model_dump(mode="json") if expectation else None
        if before == after:
            return document
        sides = ({"expectation": _expectation_brief(before)}, {"expectation": _expectation_brief(after)})
        entry = audit_log.entry(ports, by, audit.AuditAction.SETTING_CHANGED, _expectation_subject(contract), *sides)
        at = ports.clock.now().isoformat(timespec="seconds")
        return Update(_nothing_sold_of(document) | {"expectation": after, "by": by, "at": at}, [entry])

    update_document(ports.documents, EXPECTATIONS_COLLECTION, contract.name, changed)


def record_nothing_sold(ports: Ports, contract: Contract, day: date, by: str, *, sold: bool = False) -> None:
    """Record that nothing was sold on a day of a contract, or with `sold` that its file is expected after all.

    The audit entry is in the same write. A day that is recorded so already stays as it is.
    """

    def changed(document: Document | None) -> Update | Document | None:
        days = dict(_nothing_sold_of(document).get("nothing_sold", {}))
        if (day.isoformat() in days) is not sold:
            return document
        at = ports.clock.now().isoformat(timespec="seconds")
        if sold:
            del days[day.isoformat()]
        else:
            days[day.isoformat()] = {"by": by, "at": at}
        sides = ({"nothing_sold_on": str(day)}, {}) if sold else ({}, {"nothing_sold_on": str(day)})
        entry = audit_log.entry(ports, by, audit.AuditAction.SETTING_CHANGED, _expectation_subject(contract), *sides)
        unset = {"expectation": None, "by": "", "at": ""}
        return Update((document.data if document else unset) | {"nothing_sold": dict(sorted(days.items()))}, [entry])

    update_document(ports.documents, EXPECTATIONS_COLLECTION, contract.name, changed)


def _expectation_subject(contract: Contract) -> str:
    return f"expected deliveries of {contract.name}"


def _expectation_brief(data: JsonObject | None) -> JsonObject | str:
    """What is set, for the audit log."""
    return "as in the contract" if data is None else {name: value for name, value in data.items() if value}


def _nothing_sold_of(document: Document | None) -> JsonObject:
    """The part of a document with the days on which nothing was sold; documents of earlier versions lack it."""
    days = document.data.get("nothing_sold") if document else None
    return {"nothing_sold": days} if days else {}


def _stored_expectation(contract: Contract, document: Document | None) -> StoredExpectation:
    recorded = _nothing_sold_of(document).get("nothing_sold", {})
    days = {date.fromisoformat(day): NothingSold(one["by"], one["at"]) for day, one in recorded.items()}
    if document is None or document.data["expectation"] is None:
        return StoredExpectation(Expectation.from_schedule(contract.schedule), nothing_sold=days)
    expectation = parse_expectation(document.data["expectation"])
    return StoredExpectation(expectation, document.data["by"], document.data["at"], days)


@dataclass(frozen=True)
class ImportSetting:
    """`by` and `at` (ISO 8601): the last change; empty if there was none."""

    without_preview: bool = False
    by: str = ""
    at: str = ""


def import_setting_of_source(ports: Ports, name: str) -> ImportSetting:
    """The setting of a data source."""
    return _import_setting(ports.documents.get(IMPORT_SETTINGS_COLLECTION, name))


def sources_without_preview(ports: Ports, names: Iterable[str]) -> frozenset[str]:
    """Those of the data sources whose files are imported without a preview."""
    chosen = {
        one.id for one in ports.documents.find(IMPORT_SETTINGS_COLLECTION) if _import_setting(one).without_preview
    }
    return frozenset(chosen.intersection(names))


def save_import_setting(ports: Ports, name: str, *, without_preview: bool, by: str) -> None:
    """Change the setting of a data source. The audit entry is in the same write."""

    def changed(document: Document | None) -> Update | Document | None:
        before = _import_setting(document).without_preview
        if before == without_preview:
            return document
        sides = ({"import without preview": before}, {"import without preview": without_preview})
        entry = audit_log.entry(ports, by, audit.AuditAction.SETTING_CHANGED, f"preview of {name}", *sides)
        at = ports.clock.now().isoformat(timespec="seconds")
        return Update({"without_preview": without_preview, "by": by, "at": at}, [entry])

    update_document(ports.documents, IMPORT_SETTINGS_COLLECTION, name, changed)


def _import_setting(document: Document | None) -> ImportSetting:
    return ImportSetting(**document.data) if document else ImportSetting()
