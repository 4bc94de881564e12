"""Sales and returns of the sale form: checked against the rights of the user, recorded once, then published.

The record of a returned sale has its returns by the form, because the ledger contains a return only once it is settled.
A return of more than is left is published as doubtful: it counts only after a person has accepted it.

The record of a sale has a hash of each of its versions. So a repeated request changes nothing, one number cannot be
used for two contents, and a salesperson corrects own sales only.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any, Protocol

from tillstream.catalogue import entry_lists
from tillstream.intake import store_sales
from tillstream.model import audit
from tillstream.model.contract import Contract
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.messages import (
    LONG_AGO,
    MAX_SALE_BYTES,
    PRODUCT_PRECISION,
    TILL_CLOCK_TOLERANCE,
    store_sale_errors,
    store_sale_schema,
)
from tillstream.model.money import minor_digits
from tillstream.model.people import Scope
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import EntryKind, Store
from tillstream.people import accounts
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

MAX_QUANTITY = 10_000_000
"""A quantity is below it; the shortest barcode has eight digits."""

FORM_RETURNS_COLLECTION = "form_returns"
RETURN_SETTLING_TIME = timedelta(hours=1)
"""Time after which the ledger, and no longer the record, decides whether a return counts."""
SOLD_STATUSES, RETURNED_STATUS = frozenset({"completed", "pending"}), "returned"
ProductQuantities = dict[str, Decimal]
"""Product → quantity, above 0."""

FORM_SALES_COLLECTION = "form_sales"
MAX_SALE_VERSIONS = 100
FORM_NUMBER = re.compile(r"W-[0-9A-Z]{6}-[0-9]+")
"""A number that a form made, which no other source has."""


class SaleNotAccepted(Rejected):
    """A sale that the form must change before it can be sent again; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def form_limits() -> JsonObject:
    """What the form checks before it saves a sale."""
    return {
        "ahead_seconds": int(TILL_CLOCK_TOLERANCE.total_seconds()),
        "age_seconds": int(LONG_AGO.total_seconds()),
        "quantity": str(MAX_QUANTITY),
        "amount": store_sale_schema()["$defs"]["decimal"]["pattern"],
        "lines": store_sale_schema()["properties"]["lines"]["maxItems"],
        "bytes": MAX_SALE_BYTES,
    }


def check_form_sale(ports: Ports, scope: Scope, sale: JsonObject, contract: Contract | None) -> None:
    """Check a valid store sale. contract: that of its region. Raises `SaleNotAccepted`."""
    sold_at = datetime.fromisoformat(sale["sold_at"])
    _check_writer(ports, scope, sale)
    _check_time(ports.clock.now(), sold_at)
    _check_store(ports, sale, sold_at)
    _check_salesperson(ports, sale, sold_at)
    _check_currency(ports, sale, contract)
    for number, line in enumerate(sale["lines"], 1):
        _check_amounts(number, line, sale["currency"])


def currency_of_store(store: Store | None, contract: Contract | None) -> str:
    """The currency in which a store sells; empty if it is not known."""
    return (store.currency if store else "") or (contract.currency if contract else "")


def _check_writer(ports: Ports, scope: Scope, sale: JsonObject) -> None:
    if sale.get("source") != "form":
        raise SaleNotAccepted("not-a-sale", "source: a sale of this form has the source “form”.")
    own_store = entry_lists.is_store_assigned(ports, scope, sale["region"], sale["store_id"])
    if not (scope.may(Action.ENTER_SALES) and own_store):
        raise SaleNotAccepted("not-your-store", f"You cannot enter sales for {sale['store_id']} in {sale['region']}.")
    if scope.salesperson is not None and not scope.salesperson:
        raise SaleNotAccepted("no-salesperson", "Your account has no salesperson ID. Ask an administrator to add it.")
    if scope.salesperson is not None and sale.get("salesperson_id") != scope.salesperson:
        raise SaleNotAccepted("not-your-name", f"You can enter sales under your own ID {scope.salesperson} only.")


def _check_time(now: datetime, sold_at: datetime) -> None:
    if sold_at > now + TILL_CLOCK_TOLERANCE:
        raise SaleNotAccepted(
            "in-the-future", f"The time of the sale, {sold_at.isoformat()}, is in the future. Check the device's clock."
        )
    if sold_at < now - LONG_AGO:
        raise SaleNotAccepted(
            "too-old",
            f"The sale of {sold_at.date().isoformat()} is more than a year old. Correct its time. If the time is "
            "right, discard the sale here, and ask your office to upload it in a file.",
        )


def _check_store(ports: Ports, sale: JsonObject, sold_at: datetime) -> None:
    region, store_id = sale["region"], sale["store_id"]
    state = entry_lists.entry_state_on(ports, EntryKind.STORE, region, store_id, sold_at.date())
    if state == entry_lists.STATE_UNKNOWN:
        raise SaleNotAccepted(
            "unknown-store",
            f"The catalogue has no store {store_id} in {region}. Choose another store, or ask a manager to add it.",
        )
    if state == entry_lists.STATE_RETIRED:
        raise SaleNotAccepted(
            "retired-store", f"The store {store_id} is retired. Choose another store, or ask a manager to change that."
        )


def _check_salesperson(ports: Ports, sale: JsonObject, sold_at: datetime) -> None:
    region, salesperson = sale["region"], sale.get("salesperson_id", "")
    state = entry_lists.entry_state_on(ports, EntryKind.SALESPERSON, region, salesperson, sold_at.date())
    if state == entry_lists.STATE_RETIRED:
        raise SaleNotAccepted(
            "retired-salesperson",
            f"The salesperson {salesperson} is retired. Choose another one, or ask a manager to change that.",
        )
    if state == entry_lists.STATE_UNKNOWN and salesperson not in accounts.salespeople_of_region(ports, region):
        raise SaleNotAccepted(
            "unknown-salesperson",
            f"Neither the catalogue nor an account has the salesperson “{salesperson}” in {region}. Choose another "
            "one, or ask a manager to add them.",
        )


def _check_currency(ports: Ports, sale: JsonObject, contract: Contract | None) -> None:
    store = entry_lists.catalogue_entries(ports, Store).get((sale["region"], sale["store_id"]))
    currency = currency_of_store(store, contract)
    if currency and sale["currency"] != currency:
        raise SaleNotAccepted(
            "wrong-currency",
            f"{sale['store_id']} sells in {currency}, not in {sale['currency']}. Correct the sale and send it again.",
        )


def _check_amounts(number: int, line: dict[str, str], currency: str) -> None:
    """The net amount may differ from quantity × price less discount by what rounding to the currency explains."""
    quantity, price, net = (
        Decimal(line[name]) if name in line else None for name in ("quantity", "unit_price", "net_amount")
    )
    if quantity is not None and abs(quantity) >= MAX_QUANTITY:
        raise SaleNotAccepted("quantity-too-large", f"Line {number}: a quantity is below {MAX_QUANTITY:,}. Correct it.")
    if quantity is None or price is None or net is None:
        return
    with localcontext(prec=PRODUCT_PRECISION):
        total = quantity * price - Decimal(line.get("discount", "0"))
        tolerance = Decimal(1).scaleb(-minor_digits(currency)) + abs(quantity).scaleb(-9)
        if abs(total - net) > tolerance:
            raise SaleNotAccepted(
                "amounts-differ",
                f"Line {number}: net_amount is {net}, but quantity × unit_price less discount is "
                f"{total.normalize():f}. Correct the line.",
            )


class SaleLedger(Protocol):
    """What is read of the ledger and its contracts when a sale is entered, whatever rows the user may see."""

    def contract(self, region: str, /) -> Contract | None: ...

    def has_sale(self, region: str, sale_id: str, /) -> bool:
        """Whether a sale has current lines, also cancelled ones."""

    def sold(self, region: str, sale_id: str, /) -> ProductQuantities:
        """What is sold by the current lines of a sale; empty without any."""

    def returned(self, region: str, sale_id: str, /) -> Mapping[str, ProductQuantities]:
        """Sale ID of each return of a sale → what it returns."""


class NoSaleLedger:
    """A ledger of which nothing is known."""

    def contract(self, _region: str, /) -> Contract | None:
        return None

    def has_sale(self, _region: str, _sale_id: str, /) -> bool:
        return False

    def sold(self, _region: str, _sale_id: str, /) -> ProductQuantities:
        return {}

    def returned(self, _region: str, _sale_id: str, /) -> Mapping[str, ProductQuantities]:
        return {}


def product_of_line(line: Mapping[str, Any]) -> str:
    """What identifies the product of a line."""
    return line.get("product_id") or line.get("product_name") or ""


def add_up_quantities(lines: Iterable[Mapping[str, Any]]) -> ProductQuantities:
    """The quantity of each product, without signs."""
    quantities: ProductQuantities = {}
    for line in lines:
        product = product_of_line(line)
        quantities[product] = quantities.get(product, Decimal(0)) + abs(Decimal(line.get("quantity") or 0))
    return quantities


def record_return(
    ports: Ports, sale: JsonObject, own_id: str, digest: str, sold: ProductQuantities, ledger: SaleLedger
) -> str:
    """Record a return, also a cancelled one; return what it has beyond what is left, empty if it has no more.

    own_id: its sale ID. sold: what the returned sale sold; empty if that is not known. The same content again has the
    same answer.
    """
    region, sale_id = sale["region"], sale["returns_sale_id"]
    settled = ledger.returned(region, sale_id)
    now = ports.clock.now()
    quantities = add_up_quantities(sale["lines"]) if sale.get("status") == RETURNED_STATUS else {}

    def recorded(document: Document | None) -> Update | Document:
        returns: JsonObject = document.data["returns"] if document else {}
        if document and returns.get(own_id, {}).get("digest") == digest:
            return document
        others = {name: one for name, one in returns.items() if name != own_id}
        counted = _counted_returns(returns, settled, now)
        before = _total_returned(one for name, one in counted.items() if name != own_id)
        entry = {
            "digest": digest,
            "at": now.isoformat(),
            "quantities": {product: f"{quantity:f}" for product, quantity in quantities.items()},
            "excess": _excess_text(sale_id, quantities, sold, before),
        }
        return Update({"region": region, "sale_id": sale_id, "returns": others | {own_id: entry}})

    document = update_document(ports.documents, FORM_RETURNS_COLLECTION, _return_id(region, sale_id), recorded)
    excess: str = document.data["returns"][own_id]["excess"]
    return excess


def returns_of_sale(ports: Ports, region: str, sale_id: str, ledger: SaleLedger) -> dict[str, ProductQuantities]:
    """Sale ID of each return of a sale → what it returns, also of returns that are not settled yet."""
    document = ports.documents.get(FORM_RETURNS_COLLECTION, _return_id(region, sale_id))
    returns = document.data["returns"] if document else {}
    return _counted_returns(returns, ledger.returned(region, sale_id), ports.clock.now())


def _counted_returns(
    returns: Mapping[str, Mapping[str, Any]], settled: Mapping[str, ProductQuantities], now: datetime
) -> dict[str, ProductQuantities]:
    """Sale ID of each return → its quantities: those of the ledger, unless its record is of the last moments."""
    recent = {
        name: {product: Decimal(quantity) for product, quantity in one["quantities"].items()}
        for name, one in returns.items()
        if not one["excess"] and now - datetime.fromisoformat(one["at"]) < RETURN_SETTLING_TIME
    }
    return {**settled, **recent}


def _total_returned(returns: Iterable[ProductQuantities]) -> ProductQuantities:
    total: ProductQuantities = {}
    for one in returns:
        for product, quantity in one.items():
            total[product] = total.get(product, Decimal(0)) + quantity
    return total


def _excess_text(
    sale_id: str, quantities: ProductQuantities, sold: ProductQuantities, before: ProductQuantities
) -> str:
    if not sold:
        return ""
    zero = Decimal(0)
    return "; ".join(
        f"{_quantity_text(sold.get(product, zero))} of {product} were sold in {sale_id}, "
        f"{_quantity_text(before.get(product, zero))} were returned before, and this return has "
        f"{_quantity_text(quantity)}"
        for product, quantity in quantities.items()
        if quantity > sold.get(product, zero) - before.get(product, zero)
    )[:500]


def _quantity_text(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _return_id(region: str, sale_id: str) -> str:
    return hashlib.sha256(f"{region}/{sale_id}".encode()).hexdigest()[:32]


def enter_sale(ports: Ports, login: str, scope: Scope, payload: Any, ledger: SaleLedger) -> str:
    """Record and publish one sale, and return its id. Idempotent: the same message again changes nothing.

    Only a sale that was entered in the form may be replaced, and a return of more than is left needs review.
    Raises `SaleNotAccepted` and `Unavailable`.
    """
    # A valid sale contains nothing to replace.
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
    if len(body) > MAX_SALE_BYTES:
        raise SaleNotAccepted("too-large", f"A sale may have at most {MAX_SALE_BYTES // 1024} KB. Split it into two.")
    problems = store_sale_errors(payload)
    if problems:
        raise SaleNotAccepted("not-a-sale", "; ".join(problems))
    check_form_sale(ports, scope, payload, ledger.contract(payload["region"]))
    _record_sale(ports, login, scope, payload, ledger)
    review = _check_return(ports, payload, ledger)
    store_sales.publish_portal_sale(ports, payload["region"], payload["store_id"], body, review)
    return _sale_id(payload)


def _check_return(ports: Ports, sale: JsonObject, ledger: SaleLedger) -> str:
    """Why a return needs review; empty if it does not."""
    if not sale.get("returns_sale_id"):
        return ""
    own_id = f"{_sale_prefix(sale, ledger)}{sale['number']}"
    return record_return(ports, sale, own_id, _sale_digest(sale), _sold_quantities(ports, sale, ledger), ledger)


def _sold_quantities(ports: Ports, sale: JsonObject, ledger: SaleLedger) -> ProductQuantities:
    """What the returned sale sold: as entered in the form, until the ledger has it."""
    sale_id: str = sale["returns_sale_id"]
    number = sale_id.removeprefix(_sale_prefix(sale, ledger))
    document = ports.documents.get(FORM_SALES_COLLECTION, _document_id(_sale_id(sale | {"number": number})))
    settled = ledger.sold(sale["region"], sale_id)
    if document is None or "sold" not in document.data:
        return settled
    is_recent = ports.clock.now() - datetime.fromisoformat(document.data["at"]) < RETURN_SETTLING_TIME
    entered = add_up_quantities({"product_id": name, "quantity": one} for name, one in document.data["sold"].items())
    return entered if is_recent or not settled else settled


def _sale_prefix(sale: JsonObject, ledger: SaleLedger) -> str:
    contract = ledger.contract(sale["region"])
    return contract.identity.sale_prefix(sale["store_id"]) if contract else f"{sale['store_id']}/"


def _record_sale(ports: Ports, login: str, scope: Scope, sale: JsonObject, ledger: SaleLedger) -> None:
    """Write the record of the sale and an audit entry, once per version. Raises `SaleNotAccepted`."""
    version, digest = str(sale.get("version", 0)), _sale_digest(sale)
    sale_id = _sale_id(sale)

    def recorded(document: Document | None) -> Update | Document:
        number = sale["number"]
        ledger_id = f"{_sale_prefix(sale, ledger)}{number}"
        if document is None and not FORM_NUMBER.fullmatch(number) and ledger.has_sale(sale["region"], ledger_id):
            raise _number_taken_error(number)
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
            "sold": _returnable_quantities(sale),
        }
        after = {"version": int(version), "status": sale.get("status", "completed"), "lines": len(sale["lines"])}
        entry = audit_log.entry(ports, login, audit.AuditAction.SALE_ENTERED, sale_id, None, after)
        return Update(data, [entry])

    update_document(ports.documents, FORM_SALES_COLLECTION, _document_id(sale_id), recorded)


def _returnable_quantities(sale: JsonObject) -> dict[str, str]:
    """Product → quantity, of a sale that can be returned."""
    lines = sale["lines"] if sale.get("status", "completed") in SOLD_STATUSES else []
    return {product: f"{quantity:f}" for product, quantity in add_up_quantities(lines).items()}


def _check_version(scope: Scope, sale: JsonObject, version: str, document: Document | None) -> None:
    number = sale["number"]
    if document is None:
        if version != "0":
            raise SaleNotAccepted(
                "not-from-form", f"Sale {number} was not entered in this form and cannot be changed here."
            )
        return
    if scope.salesperson is not None and document.data["salesperson_id"] != scope.salesperson:
        raise SaleNotAccepted("not-your-name", f"Sale {number} was entered by another salesperson.")
    if version in document.data["versions"] or version == "0":
        raise _number_taken_error(number)
    if len(document.data["versions"]) >= MAX_SALE_VERSIONS:
        raise SaleNotAccepted("too-many-versions", f"Sale {number} was corrected {MAX_SALE_VERSIONS} times.")


def _number_taken_error(number: str) -> SaleNotAccepted:
    return SaleNotAccepted("number-taken", f"Another sale has the number {number}. Use another number.")


def _sale_id(sale: JsonObject) -> str:
    return f"{sale['region']}/{sale['store_id']}/{sale['number']}"


def _document_id(sale_id: str) -> str:
    return hashlib.sha256(sale_id.encode()).hexdigest()[:32]


def _sale_digest(sale: JsonObject) -> str:
    return hashlib.sha256(json.dumps(sale, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
