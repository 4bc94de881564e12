"""Exports of web shops: WooCommerce, Magento, PrestaShop, Squarespace, Ecwid."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.shopify import SHOPIFY_COLUMNS, sums
from tests.strangers.tables import Columns, comma, delimited, money, once, plain, stamp
from tests.strangers.truth import truth_of

FAMILY = "web shops"


WOO_MEANS = {
    "wc-completed": "completed", "wc-processing": "completed", "wc-on-hold": "pending", "wc-cancelled": "cancelled",
    "wc-failed": "cancelled", "Completed": "completed", "Processing": "completed", "On hold": "pending",
    "Cancelled": "cancelled", "Failed": "cancelled", "Abgeschlossen": "completed", "In Bearbeitung": "completed",
    "In Wartestellung": "pending", "Storniert": "cancelled", "Fehlgeschlagen": "cancelled",
}  # fmt: skip


def _word(line: Line, completed: tuple[str, str], pending: str, cancelled: tuple[str, str]) -> str:
    """A status word; two words mean completed, two cancelled."""
    words = {"completed": completed, "cancelled": cancelled, "pending": (pending, pending)}
    return words[line.status][line.sale % 2]


def woo_cases() -> list[Case]:
    plan = Plan(111, sales=80, cancelled=0.15, pending=0.1, discounted=0.2, rate=Decimal("0.21"))
    lines = draw(plan)
    items: Columns = {
        "Order Number": lambda line: 20_000 + line.sale,
        "Order Status": lambda line: _word(
            line, ("wc-completed", "wc-processing"), "wc-on-hold", ("wc-cancelled", "wc-failed")
        ),
        "Order Date": stamp("%Y-%m-%d %H:%M"),
        "First Name (Billing)": lambda line: line.customer.split()[0],
        "Last Name (Billing)": lambda line: line.customer.split()[1],
        "Country Code (Billing)": lambda line: "NL",
        "Payment Method Title": lambda line: "iDEAL",
        "Order Shipping Amount": lambda line: "4.95",
        "SKU": lambda line: line.code,
        "Item #": lambda line: line.number,
        "Item Name": lambda line: line.product,
        "Quantity": lambda line: line.quantity,
        "Item Cost": lambda line: plain(line.price),
        "Discount Amount": lambda line: plain(line.discount),
        "Order Line Total": lambda line: plain(line.net),
        "Order Line Tax": lambda line: plain(line.tax),
    }
    columns = {
        "sale_id": "Order Number", "status": "Order Status", "date": "Order Date", "product_id": "SKU",
        "line_key": "Item #", "product_name": "Item Name", "quantity": "Quantity", "unit_price": "Item Cost",
        "discount": "Discount Amount", "net_amount": "Order Line Total", "tax": "Order Line Tax",
        "country": "Country Code (Billing)",
    }  # fmt: skip
    items_clerk = Clerk(
        "Webshop", "NL", "EUR", "Europe/Amsterdam", columns, WOO_MEANS, {"identity": "Order Number", "amount": "net"}
    )
    return [
        Case("woo-items", FAMILY, "orders-2026-04-18-10-12-44.csv", partial(delimited, lines, items, end="\n"),
             items_clerk, truth_of(lines, "EUR"), traps=("unknown status words",)),
        woo_orders("woo-analytics", 112, ("Date", "Order #", "Status", "Customer", "Customer type", "Product(s)",
                   "Items sold", "Coupon(s)", "N. Revenue"), ("Completed", "Processing"), "On hold",
                   ("Cancelled", "Failed"), plain, "GBP"),
        woo_orders("woo-analytics-de", 113, ("Datum", "Bestellung #", "Status", "Kunde", "Kundentyp", "Produkt(e)",
                   "Verkaufte Artikel", "Gutschein(e)", "N. Umsatz"), ("Abgeschlossen", "In Bearbeitung"),
                   "In Wartestellung", ("Storniert", "Fehlgeschlagen"), comma, "EUR"),
    ]  # fmt: skip


def woo_orders(
    name: str, seed: int, headers: tuple[str, ...], completed: tuple[str, str], pending: str,
    cancelled: tuple[str, str], number: Callable[[Decimal], str], currency: str,
) -> Case:  # fmt: skip
    """Orders without lines: a row for each order, its products in one cell."""
    lines = draw(Plan(seed, sales=130, cancelled=0.15, pending=0.1, max_lines=1))
    writers: tuple[Callable[[Line], object], ...] = (
        stamp("%Y-%m-%d %H:%M:%S"),
        lambda line: 7_000 + line.sale,
        lambda line: _word(line, completed, pending, cancelled),
        lambda line: line.customer,
        lambda line: "returning" if line.sale % 2 else "new",
        lambda line: f"{line.quantity}× {line.product}",
        lambda line: line.quantity,
        lambda line: "",
        lambda line: number(line.net),
    )
    date, order, status, customer, _, _, units, _, revenue = headers
    columns = {
        "date": date, "sale_id": order, "status": status, "customer_name": customer, "quantity": units,
        "net_amount": revenue,
    }  # fmt: skip
    zone = "Europe/London" if currency == "GBP" else "Europe/Berlin"
    clerk = Clerk("Webshop", "-", currency, zone, columns, WOO_MEANS, {"identity": order, "amount": "net"})
    build = partial(delimited, lines, dict(zip(headers, writers, strict=True)))
    return Case(name, FAMILY, "wc-orders-report-export.csv", build, clerk, truth_of(lines, currency),
                traps=("unknown status words", "orders without lines"))  # fmt: skip


def order_lists() -> list[Case]:
    """Lists of orders as Magento and PrestaShop show them."""
    lines = draw(Plan(121, sales=150, cancelled=0.1, pending=0.1, max_lines=1, hours=(7, 23)))
    words = {"completed": ("Complete", "Processing"), "pending": ("Pending",) * 2, "cancelled": ("Canceled", "Closed")}
    magento: Columns = {
        "ID": lambda line: f"{line.sale + 412:09}",
        "Purchase Point": lambda line: "Main Website\n   Main Website Store\n      Default Store View",
        "Purchase Date": stamp("%b %-d, %Y, %-I:%M:%S %p"),
        "Bill-to Name": lambda line: line.customer,
        "Ship-to Name": lambda line: line.customer,
        "Grand Total (Base)": lambda line: money(line.total, thousands=",", before="$"),
        "Grand Total (Purchased)": lambda line: money(line.total, thousands=",", before="$"),
        "Status": lambda line: words[line.status][line.sale % 2],
    }
    clerk = Clerk(
        "Magento", "US", "USD", "America/Chicago",
        {"sale_id": "ID", "date": "Purchase Date", "customer_name": "Bill-to Name", "status": "Status",
         "gross_amount": "Grand Total (Purchased)", "net_amount": "-"},
        {"Complete": "completed", "Processing": "completed", "Pending": "pending", "Canceled": "cancelled",
         "Closed": "cancelled"},
        {"identity": "ID", "amount": "gross", "tax_rate": "0"},
    )  # fmt: skip
    french = draw(Plan(122, sales=120, cancelled=0.12, pending=0.08, max_lines=1))
    etats = {"completed": ("Livré", "Paiement accepté"), "pending": ("En attente de virement bancaire",) * 2,
             "cancelled": ("Annulé", "Erreur de paiement")}  # fmt: skip
    presta: Columns = {
        "ID": lambda line: line.sale + 88,
        "Référence": lambda line: "".join(chr(65 + (line.sale * 7919 // 26**place) % 26) for place in range(9)),
        "Nouveau client": lambda line: "Oui" if line.sale % 4 == 0 else "Non",
        "Livraison": lambda line: "France",
        "Client": lambda line: line.customer,
        "Total": lambda line: money(line.total, ",", "\u202f", after="\xa0€"),
        "Paiement": lambda line: "Chèque" if line.sale % 5 == 0 else "Carte bancaire",
        "État": lambda line: etats[line.status][line.sale % 2],
        "Date": stamp("%d/%m/%Y %H:%M:%S"),
    }
    presta_clerk = Clerk(
        "Boutique FR", "FR", "EUR", "Europe/Paris",
        {"sale_id": "ID", "date": "Date", "customer_name": "Client", "status": "État", "gross_amount": "Total",
         "net_amount": "-", "country": "Livraison"},
        {"Livré": "completed", "Paiement accepté": "completed", "En attente de virement bancaire": "pending",
         "Annulé": "cancelled", "Erreur de paiement": "cancelled"},
        {"identity": "ID", "amount": "gross", "date_order": "DMY", "tax_rate": "0.2"},
    )  # fmt: skip
    traps = ("unknown status words", "orders without lines")
    return [
        Case("magento-order-grid", FAMILY, "export.csv", partial(delimited, lines, magento, quote="all", end="\n"),
             clerk, truth_of(lines, "USD", "gross", units=False), traps=traps),
        Case("prestashop-orders", FAMILY, "order_2026-04-20_101500.csv",
             partial(delimited, french, presta, ";", "bom", quote="all", end="\n"), presta_clerk,
             truth_of(french, "EUR", "gross", units=False), traps=traps, encoding="utf-8-sig", delimiter=";"),
    ]  # fmt: skip


def builders() -> list[Case]:
    """Shop builders with rows for each item."""
    lines = draw(Plan(131, sales=70, rate=Decimal("0.07"), cancelled=0.1))
    totals = sums(lines, lambda line: line.gross)
    squarespace: Columns = {
        "Order ID": lambda line: f"{line.sale:05}",
        "Email": lambda line: f"{line.customer.split()[1].lower()}@example.com",
        "Financial Status": lambda line: once(line, "CANCELED" if line.status == "cancelled" else "PAID"),
        "Fulfillment Status": lambda line: once(line, "CANCELED" if line.status == "cancelled" else "FULFILLED"),
        "Currency": lambda line: once(line, "USD"),
        "Subtotal": lambda line: once(line, plain(totals[line.sale])),
        "Total": lambda line: once(line, plain(totals[line.sale])),
        "Created at": stamp("%Y-%m-%d %H:%M:%S -0500"),
        "Lineitem quantity": lambda line: line.quantity,
        "Lineitem name": lambda line: line.product,
        "Lineitem price": lambda line: plain(line.price),
        "Lineitem sku": lambda line: line.code,
        "Billing Name": lambda line: once(line, line.customer),
    }
    mapped = {key: header for key, header in SHOPIFY_COLUMNS.items() if header in squarespace} | {"sale_id": "Order ID"}
    first = Clerk(
        "Square space", "US", "USD", "America/New_York", mapped, {"PAID": "completed", "CANCELED": "cancelled"},
        {"identity": "Order ID", "amount": "net", "prices": "net"},
    )  # fmt: skip
    ecwid_lines = draw(Plan(132, sales=75, cancelled=0.1, pending=0.1))
    pay = {"completed": "Paid", "pending": "Awaiting Payment", "cancelled": "Cancelled"}
    ecwid: Columns = {
        "order_number": lambda line: f"XJ{line.sale:04}",
        "date": stamp("%Y-%m-%d %H:%M:%S +0000"),
        "payment_status": lambda line: pay[line.status],
        "fulfillment_status": lambda line: "Shipped" if line.status == "completed" else "Awaiting Processing",
        "sku": lambda line: line.code,
        "name": lambda line: line.product,
        "quantity": lambda line: line.quantity,
        "price": lambda line: plain(line.price),
        "weight": lambda line: "0.35",
        "customer_name": lambda line: line.customer,
    }
    second = Clerk(
        "Ecwid", "GB", "GBP", "UTC",
        {"sale_id": "order_number", "date": "date", "status": "payment_status", "product_id": "sku",
         "product_name": "name", "quantity": "quantity", "unit_price": "price", "customer_name": "customer_name"},
        {"Paid": "completed", "Awaiting Payment": "pending", "Cancelled": "cancelled"},
        {"identity": "order_number", "prices": "net"},
    )  # fmt: skip
    return [
        Case("squarespace-orders", FAMILY, "orders.csv", partial(delimited, lines, squarespace, end="\n"), first,
             truth_of(lines, "USD"), traps=("status blank on later lines",)),
        Case("ecwid-items", FAMILY, "ecwid_orders_items.csv", partial(delimited, ecwid_lines, ecwid, ";"), second,
             truth_of(ecwid_lines, "GBP"), traps=("two status columns",), delimiter=";"),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*woo_cases(), *order_lists(), *builders()]
