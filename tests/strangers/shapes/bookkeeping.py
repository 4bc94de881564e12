"""Lists of bookkeeping programs: QuickBooks and Tally."""

from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan, draw
from tests.strangers.tables import (
    Columns,
    delimited,
    money,
    plain,
    stamp,
    strip,
    text,
)
from tests.strangers.truth import truth_of

FAMILY = "business programs"


def quickbooks() -> Case:
    """Sales by product: a heading row for each product, its sum below, blank first column in the lines."""
    lines = sorted(draw(Plan(434, sales=80)), key=lambda line: (line.product, line.sale))
    header = ["", "Transaction date", "Transaction type", "Num", "Customer full name", "Memo/Description", "Quantity",
              "Sales price", "Amount", "Balance"]  # fmt: skip

    def build() -> bytes:
        rows = [["Hearth and Home"], ["Sales by Product/Service Detail"], ["February 3 - April 18, 2026"], [], header]
        for product in sorted({line.product for line in lines}):
            rows.append([product, *[""] * 9])
            balance, units = Decimal(0), Decimal(0)
            for line in lines:
                if line.product == product:
                    balance, units = balance + line.net, units + line.quantity
                    rows.append(["", strip(line.at, "%m/%d/%Y"), "Invoice", str(1000 + line.sale), line.customer,
                                 product, plain(line.quantity), plain(line.price), money(line.net, thousands=","),
                                 money(balance, thousands=",")])  # fmt: skip
            total = money(balance, thousands=",", before="$")
            rows.append([f"Total for {product}", *[""] * 5, plain(units), "", total, ""])
        total = money(sum((line.net for line in lines), Decimal(0)), thousands=",", before="$")
        rows += [["TOTAL", *[""] * 7, total, ""], [], ["Monday, April 20, 2026 10:15 AM GMT-05:00 - Accrual Basis"]]
        return text(rows).encode()

    clerk = Clerk(
        "QuickBooks", "US", "USD", columns={
            "date": "Transaction date", "sale_id": "Num", "customer_name": "Customer full name",
            "product_name": "Memo/Description", "quantity": "Quantity", "unit_price": "Sales price",
            "net_amount": "Amount", "status": "Transaction type"}, status={"Invoice": "completed"},
        answers={"identity": "Num", "date_order": "MDY", "amount": "net", "header": "5"},
    )  # fmt: skip
    return Case("quickbooks-by-product", FAMILY, "Sales by Product Service Detail.csv", build, clerk,
                truth_of(lines, "USD"), traps=("subtotals among the rows", "title above"))  # fmt: skip


def tally() -> Case:
    """An Indian day book: lakhs in the thousands separators."""
    lines = draw(Plan(435, sales=70, rate=Decimal("0.18"), goods=(
        ("S1", "Silk saree", "Textiles", "125000.00"), ("S2", "Cotton kurta", "Textiles", "1450.00"),
        ("B1", "Brass lamp", "Home", "8990.50"), ("B2", "Incense", "Home", "120.00"))))  # fmt: skip

    def lakhs(number: Decimal) -> str:
        head, _, cents = f"{number:.2f}".partition(".")
        parts = [head[-3:]]
        head = head[:-3]
        while head:
            parts.insert(0, head[-2:])
            head = head[:-2]
        return f"{','.join(parts)}.{cents}"

    columns: Columns = {
        "Date": stamp("%-d-%b-%y"),
        "Particulars": lambda line: line.customer,
        "Vch Type": lambda line: "Sales",
        "Vch No.": lambda line: f"GST/25-26/{line.sale}",
        "Item Name": lambda line: line.product,
        "Quantity": lambda line: f"{line.quantity} Nos",
        "Rate": lambda line: lakhs(line.price),
        "Taxable Value": lambda line: lakhs(line.net),
        "IGST": lambda line: lakhs(line.tax),
        "Gross Total": lambda line: lakhs(line.gross),
    }
    clerk = Clerk(
        "Tally", "IN", "INR", columns={
            "date": "Date", "customer_name": "Particulars", "status": "Vch Type", "sale_id": "Vch No.",
            "product_name": "Item Name", "quantity": "Quantity", "unit_price": "Rate", "net_amount": "Taxable Value",
            "tax": "IGST", "gross_amount": "Gross Total"}, status={"Sales": "completed"},
        answers={"identity": "Vch No.", "date_order": "DMY", "language": "en", "amount": "net"},
    )  # fmt: skip
    return Case("tally-sales-register", FAMILY, "SalesRegister.csv", partial(delimited, lines, columns), clerk,
                truth_of(lines, "INR"), traps=("lakhs", "units in the cells"))  # fmt: skip


def cases() -> list[Case]:
    return [quickbooks(), tally()]
