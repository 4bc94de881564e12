"""Sales entered in the portal: checked against the rights of the user, recorded once, then published.

The record of a sale has a hash of each of its versions. So a repeated request changes nothing, one number cannot be
used for two contents, and a salesperson corrects own sales only.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Any

from tillstream.model import audit
from tillstream.model.messages import MAX_SALE_BYTES, store_sale_errors
from tillstream.model.people import Scope
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log
from tillstream.workflows.intake import form_checks, form_returns, store_sales
from tillstream.workflows.intake.form_checks import NotAccepted
from tillstream.workflows.intake.form_returns import Ledger, Quantities

COLLECTION = "form_sales"
MAX_VERSIONS = 100
FORM_NUMBER = re.compile(r"W-[0-9A-Z]{6}-[0-9]+")
"""A number that a form made, which no other source has."""


def enter(ports: Ports, login: str, scope: Scope, payload: Any, ledger: Ledger) -> str:
    """Record and publish one sale, and return its id. Idempotent: the same message again changes nothing.

    Only a sale that was entered in the form may be replaced, and a return of more than is left needs review.
    Raises `NotAccepted` and `Unavailable`.
    """
    # A valid sale contains nothing to replace.
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(body) > MAX_SALE_BYTES:
        raise NotAccepted("too-large", f"A sale may have at most {MAX_SALE_BYTES // 1024} KB. Split it into two.")
    problems = store_sale_errors(payload)
    if problems:
        raise NotAccepted("not-a-sale", "; ".join(problems))
    form_checks.check(ports, scope, payload, ledger.contract(payload["region"]))
    _record(ports, login, scope, payload, ledger)
    review = _check_return(ports, payload, ledger)
    store_sales.publish_from_portal(ports, payload["region"], payload["store_id"], body, review)
    return _sale_id(payload)


def _check_return(ports: Ports, sale: dict[str, Any], ledger: Ledger) -> str:
    """Why a return needs review; empty if it does not."""
    if not sale.get("returns_sale_id"):
        return ""
    own_id = f"{_prefix(sale, ledger)}{sale['number']}"
    return form_returns.record(ports, sale, own_id, _digest(sale), _sold(ports, sale, ledger), ledger)


def _sold(ports: Ports, sale: dict[str, Any], ledger: Ledger) -> Quantities:
    """What the returned sale sold: as entered in the form, until the ledger has it."""
    sale_id: str = sale["returns_sale_id"]
    number = sale_id.removeprefix(_prefix(sale, ledger))
    document = ports.documents.get(COLLECTION, _document_id(_sale_id(sale | {"number": number})))
    settled = ledger.sold(sale["region"], sale_id)
    if document is None or "sold" not in document.data:
        return settled
    is_recent = ports.clock.now() - datetime.fromisoformat(document.data["at"]) < form_returns.SETTLING
    entered = form_returns.add_up({"product_id": name, "quantity": one} for name, one in document.data["sold"].items())
    return entered if is_recent or not settled else settled


def _prefix(sale: dict[str, Any], ledger: Ledger) -> str:
    contract = ledger.contract(sale["region"])
    return contract.identity.sale_prefix(sale["store_id"]) if contract else f"{sale['store_id']}/"


def _record(ports: Ports, login: str, scope: Scope, sale: dict[str, Any], ledger: Ledger) -> None:
    """Write the record of the sale and an audit entry, once per version. Raises `NotAccepted`."""
    version, digest = str(sale.get("version", 0)), _digest(sale)
    sale_id = _sale_id(sale)

    def recorded(document: Document | None) -> Update | Document:
        number = sale["number"]
        ledger_id = f"{_prefix(sale, ledger)}{number}"
        if document is None and not FORM_NUMBER.fullmatch(number) and ledger.has_sale(sale["region"], ledger_id):
            raise _number_taken(number)
        before = document.data if document else {"versions": {}}
        versions = before["versions"]
        if document and versions.get(version) == digest:
            return document
        _check_version(scope, sale, version, document)
        data = {
            "region": sale["region"],
            "store_id": sale["store_id"],
            "number": sale["number"],
            "salesperson_id": sale.get("salesperson_id", ""),
            "by": login,
            "at": ports.clock.now().isoformat(),
            "versions": versions | {version: digest},
            "sold": _quantities(sale),
        }
        after = {"version": int(version), "status": sale.get("status", "completed"), "lines": len(sale["lines"])}
        entry = audit_log.entry(ports, login, audit.AuditAction.SALE_ENTERED, sale_id, None, after)
        return Update(data, [entry])

    update_document(ports.documents, COLLECTION, _document_id(sale_id), recorded)


def _quantities(sale: dict[str, Any]) -> dict[str, str]:
    """Product → quantity, of a sale that can be returned."""
    lines = sale["lines"] if sale.get("status", "completed") in form_returns.SOLD else []
    return {product: f"{quantity:f}" for product, quantity in form_returns.add_up(lines).items()}


def _check_version(scope: Scope, sale: dict[str, Any], version: str, document: Document | None) -> None:
    number = sale["number"]
    if document is None:
        if version != "0":
            raise NotAccepted(
                "not-from-form", f"Sale {number} was not entered in this form and cannot be changed here."
            )
        return
    if scope.salesperson is not None and document.data["salesperson_id"] != scope.salesperson:
        raise NotAccepted("not-your-name", f"Sale {number} was entered by another salesperson.")
    if version in document.data["versions"] or version == "0":
        raise _number_taken(number)
    if len(document.data["versions"]) >= MAX_VERSIONS:
        raise NotAccepted("too-many-versions", f"Sale {number} was corrected {MAX_VERSIONS} times.")


def _number_taken(number: str) -> NotAccepted:
    return NotAccepted("number-taken", f"Another sale has the number {number}. Use another number.")


def _sale_id(sale: dict[str, Any]) -> str:
    return f"{sale['region']}/{sale['store_id']}/{sale['number']}"


def _document_id(sale_id: str) -> str:
    return hashlib.sha256(sale_id.encode()).hexdigest()[:32]


def _digest(sale: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(sale, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
