"""A purchase order as a document for its supplier: as PDF and CSV, and as an e-mail."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from tillstream.catalogue import stored_entries
from tillstream.delivery.typeset import replace_missing, typeset
from tillstream.model.dates import day_text
from tillstream.model.document_json import decimal_text
from tillstream.model.money import amount_text, price_text
from tillstream.model.product_catalogue import EntryKind, Product, Store, Supplier
from tillstream.pipeline.reading.correction_file import format_guarded_line
from tillstream.ports import Ports
from tillstream.records.mail import Mail, MailAttachment
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder

TEMPLATE = Path(__file__).with_name("order.typ")
DOCUMENT_FORMS = {"pdf": "application/pdf", "csv": "text/csv; charset=utf-8"}
"""Form of a document → its media type."""
LINE_COLUMNS, COST_COLUMNS = ("product", "name", "units", "pack_size", "packs"), ("unit_cost", "cost")
COLUMN_LABELS = {
    "product": "Code",
    "name": "Product",
    "units": "Units",
    "pack_size": "Units per pack",
    "packs": "Packs",
    "unit_cost": "Unit cost",
    "cost": "Cost",
}
NumberFormat = Callable[[Decimal], str]


@dataclass(frozen=True)
class OrderDocument:
    """An order with what the catalogue has about it. pack_sizes: units of a pack, by product. costs: whether shown."""

    order: PurchaseOrder
    supplier: str
    store: str
    pack_sizes: dict[str, Decimal]
    costs: bool

    def render(self, form: str) -> bytes:
        """The document in one of the `DOCUMENT_FORMS`."""
        return self._pdf() if form == "pdf" else self._csv()

    @property
    def _columns(self) -> tuple[str, ...]:
        return LINE_COLUMNS + (COST_COLUMNS if self.costs else ())

    def _csv(self) -> bytes:
        rows = self._rows(decimal_text, decimal_text, decimal_text)
        lines = [format_guarded_line(self._columns), *(format_guarded_line(cells) for cells in rows)]
        return "".join(lines).encode()

    def _pdf(self) -> bytes:
        order = self.order
        facts = [
            ("Supplier", self.supplier),
            ("Deliver to", self.store),
            ("Ordered", day_text(order.sent_on or order.created_on)),
            ("Expected", day_text(order.expected_on)),
            ("Note", order.note),
        ]
        price, amount = (partial(each, currency=order.currency) for each in (price_text, amount_text))
        total = order.cost if self.costs else None
        data = {
            "title": f"Purchase order {order.number}",
            "facts": [{"label": label, "text": text} for label, text in facts if text],
            "columns": [
                {"label": COLUMN_LABELS[name], "is_text": name in {"product", "name"}} for name in self._columns
            ],
            "rows": [list(cells) for cells in self._rows(_shown, price, amount)],
            "total": "" if total is None else f"Total {amount(total)} {order.currency}",
        }
        return typeset(TEMPLATE, replace_missing(json.dumps(data, ensure_ascii=False)))

    def _rows(self, number: NumberFormat, price: NumberFormat, amount: NumberFormat) -> Iterator[tuple[str, ...]]:
        for line in self.order.lines:
            size = self.pack_sizes.get(line.product)
            cells = (line.product, line.name, number(line.units), number(size) if size else "", _packs(line, size))
            cost = self.order.cost_of(line)
            costs = ("", "") if line.unit_cost is None or cost is None else (price(line.unit_cost), amount(cost))
            yield cells + (costs if self.costs else ())


def order_document(ports: Ports, order: PurchaseOrder, *, costs: bool) -> OrderDocument:
    """The document of an order. costs: whether its reader may see costs."""
    supplier = stored_entries.get_current_entry(ports, EntryKind.SUPPLIER, order.supplier)
    store = stored_entries.get_current_entry(ports, EntryKind.STORE, order.region, order.store_id)
    products = (stored_entries.get_current_entry(ports, EntryKind.PRODUCT, line.product) for line in order.lines)
    sizes = {one.code: one.pack_size for one in products if isinstance(one, Product) and one.pack_size}
    return OrderDocument(
        order,
        _named(supplier.name if isinstance(supplier, Supplier) else "", order.supplier),
        _named(store.name if isinstance(store, Store) else "", order.store_id),
        sizes,
        costs,
    )


def _named(name: str, code: str) -> str:
    return f"{name} ({code})" if name and name != code else code


def _packs(line: OrderLine, size: Decimal | None) -> str:
    """Whole packs; empty if the units are no multiple of a pack."""
    return decimal_text(line.units / size) if size and line.units % size == 0 else ""


def _shown(value: Decimal) -> str:
    """12345.50 → 12,345.5."""
    return f"{value.normalize():,f}"


def order_mail(document: OrderDocument, address: str) -> Mail:
    """The message with the order as PDF; the outbox sends it once for each order."""
    number = document.order.number
    text = (
        f"Dear {document.supplier},\n\nplease find attached our order {number}. Deliver it to {document.store}.\n\n"
        "This message was sent automatically."
    )
    pdf = MailAttachment(f"{number}.pdf", DOCUMENT_FORMS["pdf"], document.render("pdf"))
    return Mail(f"order {document.order.order_id}", address, f"Purchase order {number}", text, attachments=(pdf,))
