"""Checks of a sale of the sale form; the form has the same limits and checks them before it keeps a sale."""

from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any

from tillstream.catalogue import assignments, listing
from tillstream.domain.catalogue.entries import EntryKind, Store
from tillstream.model.contract import Contract
from tillstream.model.errors import Rejected
from tillstream.model.messages import (
    LONG_AGO,
    MAX_SALE_BYTES,
    PRODUCT_PRECISION,
    TILL_CLOCK_TOLERANCE,
    store_sale_schema,
)
from tillstream.model.money import minor_digits
from tillstream.model.people import Action, Scope
from tillstream.people import accounts
from tillstream.ports import Ports

MAX_QUANTITY = 10_000_000
"""A quantity is below it; the shortest barcode has eight digits."""


class NotAccepted(Rejected):
    """A sale that the form must change before it can be sent again; `code` is stable."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def limits() -> dict[str, Any]:
    """What the form checks before it saves a sale."""
    return {
        "ahead_seconds": int(TILL_CLOCK_TOLERANCE.total_seconds()),
        "age_seconds": int(LONG_AGO.total_seconds()),
        "quantity": str(MAX_QUANTITY),
        "amount": store_sale_schema()["$defs"]["decimal"]["pattern"],
        "lines": store_sale_schema()["properties"]["lines"]["maxItems"],
        "bytes": MAX_SALE_BYTES,
    }


def check(ports: Ports, scope: Scope, sale: dict[str, Any], contract: Contract | None) -> None:
    """Check a valid store sale. contract: that of its region. Raises `NotAccepted`."""
    sold_at = datetime.fromisoformat(sale["sold_at"])
    _check_writer(ports, scope, sale)
    _check_time(ports.clock.now(), sold_at)
    _check_store(ports, sale, sold_at)
    _check_salesperson(ports, sale, sold_at)
    _check_currency(ports, sale, contract)
    for number, line in enumerate(sale["lines"], 1):
        _check_amounts(number, line, sale["currency"])


def currency_of(store: Store | None, contract: Contract | None) -> str:
    """The currency in which a store sells; empty if it is not known."""
    return (store.currency if store else "") or (contract.currency if contract else "")


def _check_writer(ports: Ports, scope: Scope, sale: dict[str, Any]) -> None:
    if sale.get("source") != "form":
        raise NotAccepted("not-a-sale", "source: a sale of this form has the source “form”.")
    own_store = assignments.is_assigned(ports, scope, sale["region"], sale["store_id"])
    if not (scope.may(Action.ENTER_SALES) and own_store):
        raise NotAccepted("not-your-store", f"You cannot enter sales for {sale['store_id']} in {sale['region']}.")
    if scope.salesperson is not None and not scope.salesperson:
        raise NotAccepted("no-salesperson", "Your account has no salesperson ID. Ask an administrator to add it.")
    if scope.salesperson is not None and sale.get("salesperson_id") != scope.salesperson:
        raise NotAccepted("not-your-name", f"You can enter sales under your own ID {scope.salesperson} only.")


def _check_time(now: datetime, sold_at: datetime) -> None:
    if sold_at > now + TILL_CLOCK_TOLERANCE:
        raise NotAccepted(
            "in-the-future", f"The time of the sale, {sold_at.isoformat()}, is in the future. Check the device's clock."
        )
    if sold_at < now - LONG_AGO:
        raise NotAccepted(
            "too-old",
            f"The sale of {sold_at.date().isoformat()} is more than a year old. Correct its time. If the time is "
            "right, discard the sale here, and ask your office to upload it in a file.",
        )


def _check_store(ports: Ports, sale: dict[str, Any], sold_at: datetime) -> None:
    region, store_id = sale["region"], sale["store_id"]
    state = assignments.state_on(ports, EntryKind.STORE, region, store_id, sold_at.date())
    if state == assignments.UNKNOWN:
        raise NotAccepted(
            "unknown-store",
            f"The catalogue has no store {store_id} in {region}. Choose another store, or ask a manager to add it.",
        )
    if state == assignments.RETIRED:
        raise NotAccepted(
            "retired-store", f"The store {store_id} is retired. Choose another store, or ask a manager to change that."
        )


def _check_salesperson(ports: Ports, sale: dict[str, Any], sold_at: datetime) -> None:
    region, salesperson = sale["region"], sale.get("salesperson_id", "")
    state = assignments.state_on(ports, EntryKind.SALESPERSON, region, salesperson, sold_at.date())
    if state == assignments.RETIRED:
        raise NotAccepted(
            "retired-salesperson",
            f"The salesperson {salesperson} is retired. Choose another one, or ask a manager to change that.",
        )
    if state == assignments.UNKNOWN and salesperson not in accounts.salespeople_of_region(ports, region):
        raise NotAccepted(
            "unknown-salesperson",
            f"Neither the catalogue nor an account has the salesperson “{salesperson}” in {region}. Choose another "
            "one, or ask a manager to add them.",
        )


def _check_currency(ports: Ports, sale: dict[str, Any], contract: Contract | None) -> None:
    entry = listing.entries(ports, EntryKind.STORE).get((sale["region"], sale["store_id"]))
    currency = currency_of(entry if isinstance(entry, Store) else None, contract)
    if currency and sale["currency"] != currency:
        raise NotAccepted(
            "wrong-currency",
            f"{sale['store_id']} sells in {currency}, not in {sale['currency']}. Correct the sale and send it again.",
        )


def _check_amounts(number: int, line: dict[str, str], currency: str) -> None:
    """The net amount may differ from quantity × price less discount by what rounding to the currency explains."""
    quantity, price, net = (
        Decimal(line[name]) if name in line else None for name in ("quantity", "unit_price", "net_amount")
    )
    if quantity is not None and abs(quantity) >= MAX_QUANTITY:
        raise NotAccepted("quantity-too-large", f"Line {number}: a quantity is below {MAX_QUANTITY:,}. Correct it.")
    if quantity is None or price is None or net is None:
        return
    with localcontext(prec=PRODUCT_PRECISION):
        total = quantity * price - Decimal(line.get("discount", "0"))
        tolerance = Decimal(1).scaleb(-minor_digits(currency)) + abs(quantity).scaleb(-9)
        if abs(total - net) > tolerance:
            raise NotAccepted(
                "amounts-differ",
                f"Line {number}: net_amount is {net}, but quantity × unit_price less discount is "
                f"{total.normalize():f}. Correct the line.",
            )
