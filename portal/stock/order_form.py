"""The form of an order: a new one, and a draft; and the product lines of a form."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import formats
from portal.access import allow
from portal.context import me, ports
from portal.stock import visible_orders
from portal.translation import _
from portal.user_stores import UserStore, user_store, user_stores
from tillstream.catalogue import entry_lists
from tillstream.catalogue.stored_entries import find_product
from tillstream.model import catalogue_columns
from tillstream.model.catalogue_columns import CellProblem
from tillstream.model.document_json import decimal_text
from tillstream.model.errors import Conflict, NotFound, Rejected
from tillstream.model.people import UNRESTRICTED
from tillstream.model.permissions import Action
from tillstream.model.product_catalogue import EntryKind, Product, Supplier, cost_on
from tillstream.model.text import upper_first
from tillstream.stock import purchase_orders
from tillstream.stock.purchase_orders import OrderLine, OrderState, PurchaseOrder

MAX_MATCHES = 10
"""Products that are offered for a search text."""

MAX_OFFERED = 100
"""Products of a supplier in the form of a new order."""
MAX_NOTICES = 5


@dataclass(frozen=True)
class FormRow:
    """A product with the texts of its fields."""

    product: str
    name: str
    units: str = ""
    unit_cost: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Scanned:
    """The product of a scanned code or a search text, else those that match it, or why there is none."""

    product: Product | None = None
    matches: tuple[Product, ...] = ()
    error: str = ""


NOTHING_SCANNED = Scanned()


def posted_rows() -> list[FormRow]:
    """The rows of the request as entered."""
    form = request.form
    codes = form.getlist("product")
    names, units, costs = (form.getlist(name) for name in ("product_name", "units", "unit_cost"))
    return [
        FormRow(code, _at(names, at) or code, _at(units, at).strip(), _at(costs, at).strip(), _hint(code))
        for at, code in enumerate(codes)
    ]


def row_of(product: Product, units: str = "", unit_cost: str = "") -> FormRow:
    return FormRow(product.code, product.name or product.code, units, unit_cost, pack_hint(product))


def scanned_product(region: str) -> Scanned:
    """What the fields `scan` and `add` of the request name; nothing if both are empty."""
    text = (request.form.get("add", "") or request.form.get("scan", "")).strip()
    if not text:
        return NOTHING_SCANNED
    if product := find_product(ports(), region, text):
        return Scanned(product)
    matches = entry_lists.list_entries(ports(), EntryKind.PRODUCT, UNRESTRICTED, entry_lists.EntryFilter(text))
    products = tuple(one for one in matches if isinstance(one, Product))
    if len(products) == 1:
        return Scanned(products[0])
    return Scanned(matches=products[:MAX_MATCHES], error="" if products else no_product(text))


def with_product(rows: Sequence[FormRow], product: Product, new: FormRow, step: Decimal) -> list[FormRow]:
    """The rows with `step` more units of a product; with `new` at the end if they lack it."""
    changed = [replace(one, units=_more(one.units, step)) if one.product == product.code else one for one in rows]
    return changed if any(one.product == product.code for one in rows) else [*rows, new]


def entered_number(name: str, text: str) -> Decimal:
    """The number in a field. Raises `Rejected`."""
    try:
        return catalogue_columns.parse_number(text)
    except CellProblem as error:
        raise Rejected(_("{name}: “{text}” is not a number.", name=name, text=text)) from error


def products_of(codes: Iterable[str]) -> dict[str, Product]:
    """The products of the catalogue among these codes."""
    products = entry_lists.catalogue_entries(ports(), Product)
    return {code: products[code,] for code in codes if (code,) in products}


def _hint(code: str) -> str:
    return pack_hint(products_of([code]).get(code))


def _more(text: str, step: Decimal) -> str:
    """The units of a field and a step more; the text as it is if it is no number."""
    try:
        return decimal_text((catalogue_columns.parse_number(text) if text else Decimal(0)) + step)
    except CellProblem:
        return text


def _at(values: Sequence[str], position: int) -> str:
    return values[position] if position < len(values) else ""


@dataclass(frozen=True)
class OrderForm:
    """What the form shows. version: of the stored draft; 0 for a new order. missing: products that are not offered."""

    order: PurchaseOrder
    version: int
    rows: Sequence[FormRow]
    errors: Sequence[str] = ()
    scanned: Scanned = NOTHING_SCANNED
    missing: int = 0


@allow(Action.MANAGE_STOCK)
def new_order() -> ResponseReturnValue:
    """Choose a supplier and a store; with both, an empty order with the products of the supplier."""
    supplier, at = _supplier(request.args.get("supplier", "")), _place(request.args.get("place", ""))
    if supplier is None or at is None:
        return _choices()
    order = PurchaseOrder(secrets.token_hex(16), supplier.code, at.region, at.store_id, at.currency, ())
    products = entry_lists.catalogue_entries(ports(), Product).values()
    offered = sorted(
        (one for one in products if one.active and one.supplier == supplier.code),
        key=lambda one: (one.name.casefold(), one.code),
    )
    rows = [row_of(one, unit_cost=_text(_catalogue_cost(one, order))) for one in offered[:MAX_OFFERED]]
    return _page(OrderForm(order, 0, rows, missing=max(0, len(offered) - MAX_OFFERED)))


@allow(Action.MANAGE_STOCK)
def create_order() -> ResponseReturnValue:
    """Save a new draft, or add the product that was scanned to the form."""
    form = request.form
    supplier, at = _supplier(form.get("supplier", "")), _place(form.get("place", ""))
    if supplier is None or at is None:
        return _choices(), 422
    order = PurchaseOrder(form.get("order_id", "")[:64], supplier.code, at.region, at.store_id, at.currency, ())
    return _posted(order, 0)


@allow(Action.MANAGE_STOCK)
def edit_order(order_number: str) -> ResponseReturnValue:
    order, version = purchase_orders.get_order_version(ports(), _draft(order_number).order_id)
    return _page(OrderForm(order, version, _rows_of(order)))


@allow(Action.MANAGE_STOCK)
def save_order(order_number: str) -> ResponseReturnValue:
    """Save the draft over the version that the form shows, or add the product that was scanned to the form."""
    return _posted(_draft(order_number), request.form.get("version", 0, type=int))


def _posted(order: PurchaseOrder, version: int) -> ResponseReturnValue:
    rows, scan = posted_rows(), scanned_product(order.region)
    entered = replace(order, note=request.form.get("note", "").strip()[:500])
    if product := scan.product:
        step = product.pack_size or Decimal(1)
        row = row_of(product, decimal_text(product.minimum_order or step), _text(_catalogue_cost(product, order)))
        return _page(OrderForm(entered, version, with_product(rows, product, row, step)))
    if scan.matches or scan.error:
        return _page(OrderForm(entered, version, rows, scanned=scan))
    try:
        entered = replace(entered, lines=_lines(rows, order), expected_on=_expected())
        stored = _store(entered, version)
    except Conflict:
        current, stored_version = purchase_orders.get_order_version(ports(), order.order_id)
        changed = _("The order was changed meanwhile. Compare your entries with the stored order, then save again.")
        return _page(OrderForm(entered, stored_version, rows, [changed, _summary(current)])), 409
    except NotFound:
        raise
    except Rejected as error:
        return _page(OrderForm(entered, version, rows, [str(error)])), 422
    flash(_("{number} is saved as a draft.", number=stored.number), "done")
    for words in _notices(stored):
        flash(words, "ask")
    return redirect(url_for("orders.show", order_number=stored.number), 303)


def _store(order: PurchaseOrder, version: int) -> PurchaseOrder:
    if version:
        return purchase_orders.edit_order(ports(), order, by=me().login, version=version)
    return purchase_orders.create_order(ports(), order, by=me().login)


def _lines(rows: Sequence[FormRow], order: PurchaseOrder) -> tuple[OrderLine, ...]:
    """The lines of the rows with units. Raises `Rejected`."""
    filled = [one for one in rows if one.units]
    if not filled:
        raise Rejected(_("Enter the units of at least one product."))
    products = products_of(one.product for one in filled)
    before = {line.product: line for line in order.lines}
    lines = []
    for row in filled:
        product, stored = products.get(row.product), before.get(row.product)
        if product is None and stored is None:
            raise Rejected(no_product(row.product))
        cost = _unit_cost(row, product, order)
        name = product.name or product.code if product else row.name
        lines.append(OrderLine(row.product, name, entered_number(name, row.units), cost))
    return tuple(lines)


def _unit_cost(row: FormRow, product: Product | None, order: PurchaseOrder) -> Decimal | None:
    """The cost as entered; that of the catalogue for users who see no costs. Raises `Rejected`."""
    if visible_orders.shows_costs():
        cost = entered_number(row.name, row.unit_cost) if row.unit_cost else None
        if cost is not None and cost < 0:
            raise Rejected(_("{name}: the unit cost must not be negative.", name=row.name))
        return cost
    stored = next((line.unit_cost for line in order.lines if line.product == row.product), None)
    return stored if stored is not None else _catalogue_cost(product, order) if product else None


def _catalogue_cost(product: Product, order: PurchaseOrder) -> Decimal | None:
    """The cost of a product today, if it is in the currency of the order."""
    cost = cost_on(product, order.region, ports().clock.now().date())
    return cost.amount if cost and cost.currency == order.currency else None


def _notices(order: PurchaseOrder) -> list[str]:
    """Lines that differ from the pack sizes and minimum orders of the catalogue."""
    products, notices = products_of(line.product for line in order.lines), []
    for line in order.lines:
        product, units = products.get(line.product), decimal_text(line.units)
        if product and product.pack_size and line.units % product.pack_size:
            odd = _("{name}: {units} units are no whole packs of {pack}.")
            notices.append(odd.format(name=line.name, units=units, pack=decimal_text(product.pack_size)))
        if product and product.minimum_order and line.units < product.minimum_order:
            few = _("{name}: {units} units are fewer than the minimum order of {minimum}.")
            notices.append(few.format(name=line.name, units=units, minimum=decimal_text(product.minimum_order)))
    return notices[:MAX_NOTICES]


def _draft(number: str) -> PurchaseOrder:
    """Raises `NotFound`, and `Rejected` for an order that is no draft."""
    order = visible_orders.order_of(number)
    if order.state is not OrderState.DRAFT:
        no_draft = _("{number} is {state} and can no longer be changed. Create another order.")
        raise Rejected(no_draft.format(number=order.number, state=order.state))
    return order


def _rows_of(order: PurchaseOrder) -> list[FormRow]:
    products = products_of(line.product for line in order.lines)
    return [
        FormRow(
            line.product, line.name, decimal_text(line.units), _text(line.unit_cost),
            pack_hint(products.get(line.product)),
        )
        for line in order.lines
    ]  # fmt: skip


def _summary(order: PurchaseOrder) -> str:
    lines = "; ".join(f"{line.name}: {decimal_text(line.units)}" for line in order.lines)
    return _("Stored now: {lines}.", lines=lines)


def _expected() -> date | None:
    return formats.day_in(request.form.get("expected_on", ""))


def _supplier(code: str) -> Supplier | None:
    return visible_orders.suppliers().get(code)


def _place(key: str) -> UserStore | None:
    """The store of a key; None if it is empty. Raises `NotFound` for a store that is not the user's."""
    region, _, store_id = key.partition("/")
    return user_store(region, store_id) if key else None


def _text(value: Decimal | None) -> str:
    return "" if value is None else decimal_text(value)


def _choices() -> str:
    """The form for the supplier and the store."""
    active = [(one.code, one.name or one.code) for one in visible_orders.suppliers().values() if one.active]
    stores = [
        (f"{one.region}/{one.store_id}", visible_orders.place_label(one.region, one.store_id, one.name))
        for one in user_stores()
    ]
    return render_template(
        "orders/choices.html",
        suppliers=sorted(active, key=lambda one: one[1].casefold()),
        stores=stores,
        chosen=request.values,
    )


def _page(form: OrderForm) -> str:
    order = form.order
    supplier = visible_orders.suppliers().get(order.supplier)
    values: Mapping[str, str] = request.form if request.method == "POST" else {}
    expected = order.expected_on.isoformat() if order.expected_on else ""
    return render_template(
        "orders/form.html",
        form=form,
        order=order,
        supplier=(supplier.name if supplier else "") or order.supplier,
        store=visible_orders.store_label(order),
        expected_on=values.get("expected_on", expected),
        has_costs=visible_orders.shows_costs(),
    )


def no_product(text: str) -> str:
    return _("The catalogue has no product with the code, barcode or name “{text}”.", text=text)


def pack_hint(product: Product | None) -> str:
    """Packs of 6, at least 12."""
    if product is None:
        return ""
    packs = _("Packs of {size}", size=decimal_text(product.pack_size)) if product.pack_size else ""
    least = _("at least {units}", units=decimal_text(product.minimum_order)) if product.minimum_order else ""
    return upper_first(", ".join(filter(None, (packs, least))))
