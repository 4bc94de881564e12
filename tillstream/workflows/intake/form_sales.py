"""Sales entered in the portal: checked against the rights of the user, recorded once, then published.

The record of a sale has a hash of each of its versions. So a repeated request changes nothing, one number cannot be
used for two contents, and a salesperson corrects own sales only.
"""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tillstream import audit
from tillstream.catalogue.assignments import is_assigned
from tillstream.domain.errors import Rejected
from tillstream.domain.people import Action, Scope
from tillstream.domain.store_sale import CLOCK_TOLERANCE, LONG_AGO, MAX_MESSAGE_BYTES, validation_errors
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update
from tillstream.workflows.intake import store_sales

COLLECTION = "form_sales"
MAX_VERSIONS = 100
FORM_NUMBER = re.compile(r"W-[0-9A-Z]{6}-[0-9]+")
"""A number that a form made, which no other source has."""


class NotAccepted(Rejected):
    """A sale that the form must change before it can be sent again; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def enter(ports: Ports, login: str, scope: Scope, payload: Any, is_counted: Callable[[dict[str, Any]], bool]) -> str:
    """Record and publish one sale, and return its id. Idempotent: the same message again changes nothing.

    is_counted: whether the ledger has lines of the sale; only a sale that was entered in the form may be replaced.
    Raises `NotAccepted` and `Unavailable`.
    """
    # A valid sale contains nothing to replace.
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(body) > MAX_MESSAGE_BYTES:
        raise NotAccepted("too-large", f"A sale may have at most {MAX_MESSAGE_BYTES // 1024} KB. Split it into two.")
    problems = validation_errors(payload)
    if problems:
        raise NotAccepted("not-a-sale", "; ".join(problems))
    _check_writer(ports, scope, payload)
    _check_time(ports.clock.now(), datetime.fromisoformat(payload["sold_at"]))
    _record(ports, login, scope, payload, is_counted)
    store_sales.publish_from_portal(ports, payload["region"], payload["store_id"], body)
    return _sale_id(payload)


def _check_writer(ports: Ports, scope: Scope, sale: dict[str, Any]) -> None:
    if sale.get("source") != "form":
        raise NotAccepted("not-a-sale", "source: a sale of this form has the source “form”.")
    own_store = is_assigned(ports, scope, sale["region"], sale["store_id"])
    if not (scope.may(Action.ENTER_SALES) and own_store):
        raise NotAccepted("not-your-store", f"You cannot enter sales for {sale['store_id']} in {sale['region']}.")
    if scope.salesperson is not None and not scope.salesperson:
        raise NotAccepted("no-salesperson", "Your account has no salesperson ID. Ask an administrator to add it.")
    if scope.salesperson is not None and sale.get("salesperson_id") != scope.salesperson:
        raise NotAccepted("not-your-name", f"You can enter sales under your own ID {scope.salesperson} only.")


def _check_time(now: datetime, sold_at: datetime) -> None:
    if sold_at > now + CLOCK_TOLERANCE:
        raise NotAccepted(
            "in-the-future", f"The time of the sale, {sold_at.isoformat()}, is in the future. Check the device's clock."
        )
    if sold_at < now - LONG_AGO:
        raise NotAccepted("too-old", f"The sale of {sold_at.date().isoformat()} is more than a year old.")


def _record(
    ports: Ports, login: str, scope: Scope, sale: dict[str, Any], is_counted: Callable[[dict[str, Any]], bool]
) -> None:
    """Write the record of the sale and an audit entry, once per version. Raises `NotAccepted`."""
    version, digest = str(sale.get("version", 0)), _digest(sale)
    sale_id = _sale_id(sale)

    def recorded(document: Document | None) -> Update | Document:
        if document is None and not FORM_NUMBER.fullmatch(sale["number"]) and is_counted(sale):
            raise _number_taken(sale["number"])
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
        }
        after = {"version": int(version), "status": sale.get("status", "completed"), "lines": len(sale["lines"])}
        entry = audit.entry(ports, login, audit.AuditAction.SALE_ENTERED, sale_id, None, after)
        return Update(data, [entry])

    update(ports.documents, COLLECTION, hashlib.sha256(sale_id.encode()).hexdigest()[:32], recorded)


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


def _digest(sale: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(sale, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
