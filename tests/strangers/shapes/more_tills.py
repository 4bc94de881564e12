"""Exports of more tills: Vend, Shopkeep, Loyverse, Zettle, SumUp, EposNow."""

from decimal import Decimal

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan, draw
from tests.strangers.shapes.shopify import sums
from tests.strangers.shapes.till import STORES, Till
from tests.strangers.tables import Columns, comma, once, plain, stamp


def vend() -> Till:
    """Sale rows stand above the lines of the sale, with their sum."""
    plan = Plan(307, rate=Decimal("0.1"), stores=STORES)
    columns: Columns = {
        "id": lambda line: f"{line.sale:08x}-{line.number:04x}",
        "invoice_number": lambda line: line.sale,
        "sale_date": stamp("%d/%m/%Y %H:%M"),
        "outlet_name": lambda line: line.store,
        "register": lambda line: "1",
        "handle": lambda line: line.product.lower().replace(" ", "-"),
        "sku": lambda line: line.code,
        "quantity": lambda line: plain(line.quantity, 5),
        "price": lambda line: plain(line.price, 5),
        "tax": lambda line: plain(line.tax, 5),
        "line_total_excl_tax": lambda line: plain(line.net, 5),
        "sale_status": lambda line: "CLOSED",
    }
    mapped = {
        "sale_id": "invoice_number", "line_key": "id", "date": "sale_date", "store_id": "outlet_name",
        "product_name": "handle", "product_id": "sku", "quantity": "quantity", "unit_price": "price", "tax": "tax",
        "net_amount": "line_total_excl_tax", "status": "sale_status",
    }  # fmt: skip
    clerk = Clerk("Vend", "AU", "AUD", "Australia/Sydney", mapped, {"CLOSED": "completed"},
                  {"identity": "invoice_number", "amount": "net", "date_order": "DMY"})  # fmt: skip
    return Till("vend-sales", "vend_sales.csv", plan, columns, clerk, end="\n")


def shopkeep() -> Till:
    plan = Plan(308, rate=Decimal("0.06"), discounted=0.2, returned=0.06)
    columns: Columns = {
        "Time": stamp("%Y-%m-%d %H:%M:%S"),
        "Register Name/Number": lambda line: "Front",
        "Cashier Name": lambda line: "Jo",
        "Operation Type": lambda line: "Return" if line.status == "returned" else "Sale",
        "Store Code": lambda line: line.code,
        "UPC": lambda line: "",
        "Line Item": lambda line: line.product,
        "Department": lambda line: "All",
        "Category": lambda line: line.category,
        "Cost": lambda line: plain(line.price / 2),
        "Price": lambda line: plain(line.price),
        "Quantity": lambda line: line.quantity,
        "Subtotal": lambda line: plain(line.full),
        "Discounts": lambda line: plain(line.discount),
        "Net Total": lambda line: plain(line.net),
        "Tax": lambda line: plain(line.tax),
        "Total Due": lambda line: plain(line.gross),
        "Transaction ID": lambda line: 5_000 + line.sale,
        "Customer ID": lambda line: "",
    }
    mapped = {
        "date": "Time", "status": "Operation Type", "product_id": "Store Code", "product_name": "Line Item",
        "category": "Category", "unit_cost": "Cost", "unit_price": "Price", "quantity": "Quantity",
        "discount": "Discounts", "net_amount": "Net Total", "tax": "Tax", "gross_amount": "Total Due",
        "sale_id": "Transaction ID", "salesperson_id": "Cashier Name",
    }  # fmt: skip
    clerk = Clerk("Shopkeep", "US", "USD", "America/New_York", mapped, {"Sale": "completed", "Return": "returned"},
                  {"identity": "Transaction ID", "amount": "net"})  # fmt: skip
    return Till("shopkeep-transactions", "transactions_by_item.csv", plan, columns, clerk,
                traps=("a date column called Time",))  # fmt: skip


def loyverse() -> Till:
    plan = Plan(309, returned=0.08, discounted=0.2, goods=tuple((*good[:3], str(int(float(good[3]) * 900) // 10 * 10))
                for good in Plan(0).goods), unit=Decimal(1), cancelled=0.05)  # fmt: skip
    columns: Columns = {
        "Date": stamp("%-m/%-d/%y %H:%M"),
        "Receipt number": lambda line: f"1-{1_000 + line.sale}",
        "Receipt type": lambda line: "Refund" if line.status == "returned" else "Sale",
        "Category": lambda line: line.category,
        "SKU": lambda line: line.code,
        "Item": lambda line: line.product,
        "Variant": lambda line: "",
        "Quantity": lambda line: plain(line.quantity, 3),
        "Gross sales": lambda line: plain(line.full),
        "Discounts": lambda line: plain(line.discount),
        "Net sales": lambda line: plain(line.net),
        "Cost of goods": lambda line: "0.00",
        "Gross profit": lambda line: plain(line.net),
        "Taxes": lambda line: "0.00",
        "Dining option": lambda line: "",
        "POS": lambda line: "POS 1",
        "Store": lambda line: line.store,
        "Cashier name": lambda line: "Owner",
        "Customer name": lambda line: line.customer,
        "Status": lambda line: "Cancelled" if line.status == "cancelled" else "Closed",
    }
    mapped = {
        "date": "Date", "sale_id": "Receipt number", "category": "Category", "product_id": "SKU",
        "product_name": "Item", "quantity": "Quantity", "discount": "Discounts", "net_amount": "Net sales",
        "tax": "Taxes", "store_id": "Store", "salesperson_id": "Cashier name", "customer_name": "Customer name",
        "status": "Status", "unit_price": "-", "gross_amount": "-",
    }  # fmt: skip
    # a refund is Closed, of the receipt type Refund, with a minus sign
    clerk = Clerk("Loyverse", "PH", "PHP", "Asia/Manila", mapped, {"Closed": "completed", "Cancelled": "cancelled"},
                  {"identity": "Receipt number", "amount": "net", "date_order": "MDY"})  # fmt: skip
    return Till("loyverse-receipts-by-item", "receipts-by-item-2026-02-03-2026-04-18.csv", plan, columns, clerk,
                end="\n", traps=("two status columns", "gross before the discount"))  # fmt: skip


def zettle() -> Till:
    plan = Plan(310, rate=Decimal("0.25"), taxed=True, max_lines=2)
    columns: Columns = {
        "Datum": stamp("%Y-%m-%d"),
        "Tid": stamp("%H:%M"),
        "Kvittonummer": lambda line: 3_000 + line.sale,
        "Namn": lambda line: line.product,
        "Antal": lambda line: line.quantity,
        "Pris (SEK)": lambda line: comma(line.price),
        "Moms (%)": lambda line: "25",
        "Moms (SEK)": lambda line: comma(line.tax),
        "Slutpris (SEK)": lambda line: comma(line.gross),
        "Rabatt (SEK)": lambda line: comma(line.discount),
        "Personal": lambda line: "Åsa Öberg",
    }
    mapped = {
        "date": "Datum", "time": "Tid", "sale_id": "Kvittonummer", "product_name": "Namn", "quantity": "Antal",
        "unit_price": "Pris (SEK)", "tax": "Moms (SEK)", "gross_amount": "Slutpris (SEK)", "discount": "Rabatt (SEK)",
        "salesperson_id": "Personal", "net_amount": "-",
    }  # fmt: skip
    clerk = Clerk("Butik", "SE", "SEK", "Europe/Stockholm", mapped, answers={
        "identity": "Kvittonummer", "amount": "gross", "prices": "gross", "decimal": ","})  # fmt: skip
    return Till("zettle-products", "iZettle-Raw-Data-Report-20260203-20260418.csv", plan, columns, clerk, ";", "bom",
                above=("Rådatarapport;;;", "Hearth AB;;;", ""))  # fmt: skip


def sumup() -> Till:
    plan = Plan(311, max_lines=1, sales=120, cancelled=0.08, returned=0.05)
    words = {"completed": "Erfolgreich", "cancelled": "Fehlgeschlagen", "returned": "Rückerstattung"}
    columns: Columns = {
        "E-Mail": lambda line: "laden@example.de",
        "Datum": stamp("%d.%m.%Y, %H:%M"),
        "Transaktions-ID": lambda line: f"T{line.sale * 104729:010X}",
        "Zahlungsart": lambda line: "Umsatz" if line.quantity > 0 else "Rückerstattung",
        "Status": lambda line: words[line.status],
        "Kartentyp": lambda line: "Visa",
        "Letzte 4 Ziffern": lambda line: f"{line.sale * 37 % 10_000:04}",
        "Beschreibung": lambda line: f"{abs(line.quantity)} x {line.product}",
        "Betrag inkl. MwSt.": lambda line: comma(line.total),
        "Trinkgeldbetrag": lambda line: "0,00",
        "Gebühr": lambda line: comma(line.total * Decimal("0.02")),
    }
    mapped = {
        "date": "Datum", "sale_id": "Transaktions-ID", "status": "Status", "gross_amount": "Betrag inkl. MwSt.",
        "product_name": "Beschreibung", "net_amount": "-", "tax": "-", "discount": "-", "channel": "-",
    }  # fmt: skip
    means = {"Erfolgreich": "completed", "Fehlgeschlagen": "cancelled", "Rückerstattung": "returned",
             "Umsatz": "completed"}  # fmt: skip
    answers = {
        "identity": "Transaktions-ID",
        "amount": "gross",
        "tax_rate": "0.19",
        "date_order": "DMY",
        "decimal": ",",
    }
    clerk = Clerk("Laden", "DE", "EUR", "Europe/Berlin", mapped, means, answers)
    return Till("sumup-report", "Umsatzbericht-2026-02-03_2026-04-18.csv", plan, columns, clerk, ",", "utf-8",
                basis="gross", units=False, traps=("unknown status words", "orders without lines"))  # fmt: skip


def eposnow() -> Till:
    """The total of the sale beside its first line only."""
    plan = Plan(312, rate=Decimal("0.2"), taxed=True, returned=0.05)
    totals = sums(draw(plan), lambda line: line.gross)
    columns: Columns = {
        "Transaction ID": lambda line: 77_000 + line.sale,
        "Completed": stamp("%d %b %Y %H:%M"),
        "Staff": lambda line: "T. Reed",
        "Product": lambda line: line.product,
        "Barcode": lambda line: f"50{sum(map(ord, line.code)):011}",
        "Qty": lambda line: line.quantity,
        "Unit Price Inc": lambda line: f"£{plain(line.price)}",
        "VAT": lambda line: f"£{plain(line.tax)}" if line.tax >= 0 else f"-£{plain(-line.tax)}",
        "Bill total": lambda line: once(line, plain(totals[line.sale])),
    }
    mapped = {
        "sale_id": "Transaction ID", "date": "Completed", "salesperson_id": "Staff", "product_name": "Product",
        "product_id": "Barcode", "quantity": "Qty", "unit_price": "Unit Price Inc", "tax": "VAT",
        "net_amount": "-", "gross_amount": "-", "discount": "-",
    }  # fmt: skip
    clerk = Clerk("Shop UK", "GB", "GBP", "Europe/London", mapped, answers={
        "identity": "Transaction ID", "prices": "gross", "amount": "gross"})  # fmt: skip
    return Till("epos-sale-lines", "SalesLines.csv", plan, columns, clerk, encoding="cp1252",
                traps=("total of the sale in its first line",))  # fmt: skip


def cases() -> list[Case]:
    tills = (vend, shopkeep, loyverse, zettle, sumup, eposnow)
    return [till().case() for till in tills]
