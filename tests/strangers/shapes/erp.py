"""Lists of merchandise programs: Odoo and SAP."""

from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.shopify import sums
from tests.strangers.shapes.till import Till
from tests.strangers.tables import (
    Columns,
    cells,
    delimited,
    german,
    money,
    once,
    plain,
    stamp,
    strip,
    text,
    xlsx,
)
from tests.strangers.truth import truth_of

FAMILY = "business programs"


def odoo() -> list[Case]:
    report = Till(
        "odoo-sale-report", "Sales Analysis Report (sale.report).csv",
        Plan(401, sales=80, cancelled=0.1, pending=0.15, rate=Decimal("0.21")),
        {
            "Order Reference": lambda line: f"S{line.sale:05}",
            "Order Date": stamp("%Y-%m-%d %H:%M:%S"),
            "Customer": lambda line: line.customer,
            "Salesperson": lambda line: "Mitchell Admin",
            "Sales Team": lambda line: "Europe",
            "Product Category": lambda line: f"All / Saleable / {line.category}",
            "Product": lambda line: f"[{line.code}] {line.product}",
            "Qty Ordered": lambda line: plain(line.quantity),
            "Qty Delivered": lambda line: plain(line.quantity if line.status == "completed" else Decimal(0)),
            "Unit of Measure": lambda line: "Units",
            "Untaxed Total": lambda line: plain(line.net),
            "Total": lambda line: plain(line.gross),
            "Status": lambda line: {"completed": "Sales Order", "pending": "Quotation", "cancelled": "Cancelled"}[
                line.status
            ],
        },
        Clerk("Odoo", "BE", "EUR", "Europe/Brussels",
              {"sale_id": "Order Reference", "date": "Order Date", "customer_name": "Customer", "status": "Status",
               "salesperson_id": "Salesperson", "category": "Product Category", "product_name": "Product",
               "quantity": "Qty Ordered", "net_amount": "Untaxed Total", "gross_amount": "Total", "tax": "-",
               "unit_price": "-"},
              {"Sales Order": "completed", "Quotation": "pending", "Cancelled": "cancelled"},
              {"identity": "Order Reference", "amount": "net"}),
        traps=("unknown status words",),
    ).case(FAMILY)  # fmt: skip
    pos_lines = draw(Plan(402, sales=70, max_lines=3, rate=Decimal("0.1"), taxed=True, stores=("Bar", "Shop")))
    paid = sums(pos_lines, lambda line: line.gross)
    pos: Columns = {
        "Order Ref": lambda line: once(line, f"{line.store}/{line.sale:04}"),
        "Receipt Number": lambda line: once(line, f"Order 00{line.sale:03}-001-{line.sale:04}"),
        "Date": lambda line: once(line, strip(line.at, "%Y-%m-%d %H:%M:%S")),
        "Point of Sale": lambda line: once(line, line.store),
        "Customer": lambda line: once(line, line.customer),
        "Total": lambda line: once(line, plain(paid[line.sale])),
        "Status": lambda line: once(line, "Posted"),
        "Order Lines/Product": lambda line: line.product,
        "Order Lines/Quantity": lambda line: plain(line.quantity),
        "Order Lines/Unit Price": lambda line: plain(line.price),
        "Order Lines/Subtotal w/o Tax": lambda line: plain(line.net),
        "Order Lines/Subtotal": lambda line: plain(line.gross),
    }
    clerk = Clerk(
        "Odoo POS", "IT", "EUR", "Europe/Rome",
        {"sale_id": "Order Ref", "date": "Date", "store_id": "Point of Sale", "customer_name": "Customer",
         "status": "Status", "product_name": "Order Lines/Product", "quantity": "Order Lines/Quantity",
         "unit_price": "Order Lines/Unit Price", "net_amount": "Order Lines/Subtotal w/o Tax",
         "gross_amount": "Order Lines/Subtotal", "tax": "-"},
        {"Posted": "completed"}, {"identity": "Order Ref", "amount": "net"},
    )  # fmt: skip
    return [
        report,
        Case("odoo-pos-order-lines", FAMILY, "Point of Sale Orders (pos.order).xlsx",
             lambda: xlsx(cells(pos_lines, pos), sheet="Sheet1"), clerk, truth_of(pos_lines, "EUR"),
             traps=("columns of the order blank on later lines",)),
    ]  # fmt: skip


SAP_HEADERS = ("Faktura", "Pos", "FkDat", "Auftr.geb.", "Name 1", "Material", "Bezeichnung", "Fakt.Menge", "ME",
               "Nettowert", "Steuerbetrag", "Währg")  # fmt: skip


def sap_rows(lines: list[Line]) -> list[list[str]]:
    def number(amount: Decimal, places: int = 2) -> str:
        """SAP writes the minus sign behind."""
        written = money(abs(amount), ",", ".", places=places)
        return f"{written}-" if amount < 0 else written

    return [
        [f"{90_000_000 + line.sale:010}", str(line.number * 10), strip(line.at, "%d.%m.%Y"), f"{1000 + line.sale % 9}",
         line.customer, line.code, line.product, number(line.quantity, 3), "ST", number(line.net), number(line.tax),
         "EUR"]
        for line in lines
    ]  # fmt: skip


def sap() -> list[Case]:
    plan = Plan(411, sales=80, rate=Decimal("0.19"), returned=0.08)
    lines = draw(plan)
    mapped = {"sale_id": "Faktura", "line_key": "Pos", "date": "FkDat", "customer_id": "Auftr.geb.",
             "customer_name": "Name 1", "product_id": "Material", "product_name": "Bezeichnung",
             "quantity": "Fakt.Menge", "net_amount": "Nettowert", "tax": "Steuerbetrag", "currency": "Währg",
             "unit_price": "-"}  # fmt: skip
    answers = {"identity": "Faktura", "amount": "net", "date_order": "DMY", "decimal": ","}
    clerk = Clerk("Vertrieb", "DE", "EUR", columns=mapped, answers=answers)

    def piped() -> bytes:
        """The list as text: a title, lines of dashes, and a bar around each cell."""
        rows = [list(SAP_HEADERS), *sap_rows(lines)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(SAP_HEADERS))]
        bars = [
            "|" + "|".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + "|" for row in rows
        ]
        dashes = "-" * len(bars[0])
        title = ["Liste der Fakturen" + " " * 40 + "1", ""]
        total = sum((line.net for line in lines), Decimal(0))
        end = ["|*" + " " * (len(bars[0]) - 16) + f"{german(total):>12} |", dashes]
        return "\r\n".join([*title, dashes, bars[0], dashes, *bars[1:], dashes, *end, ""]).encode("cp1252")

    technical: Columns = {
        "VBELN": lambda line: f"{90_000_000 + line.sale:010}",
        "POSNR": lambda line: f"{line.number * 10:06}",
        "FKDAT": stamp("%Y%m%d"),
        "FKART": lambda line: "G2" if line.status == "returned" else "F2",
        "KUNAG": lambda line: f"{1000 + line.sale % 9:010}",
        "MATNR": lambda line: line.code,
        "ARKTX": lambda line: line.product,
        "FKIMG": lambda line: plain(abs(line.quantity), 3),
        "VRKME": lambda line: "EA",
        "NETWR": lambda line: plain(abs(line.net)),
        "MWSBP": lambda line: plain(abs(line.tax)),
        "WAERK": lambda line: "EUR",
        "WERKS": lambda line: "1000",
    }
    technical_clerk = Clerk(
        "Vertrieb", "DE", "EUR",
        columns={"sale_id": "VBELN", "line_key": "POSNR", "date": "FKDAT", "status": "FKART", "customer_id": "KUNAG",
                 "product_id": "MATNR", "product_name": "ARKTX", "quantity": "FKIMG", "net_amount": "NETWR",
                 "tax": "MWSBP", "currency": "WAERK", "store_id": "WERKS"},
        status={"F2": "completed", "G2": "returned"},
        answers={"identity": "VBELN", "amount": "net", "date_order": "YMD"},
    )  # fmt: skip
    return [
        Case("sap-vbrk-list-de", FAMILY, "VF05N_Fakturen.csv",
             lambda: text([list(SAP_HEADERS), *sap_rows(lines)], ";").encode("cp1252"), clerk,
             truth_of(lines, "EUR"), traps=("minus sign behind",), encoding="cp1252", delimiter=";"),
        Case("sap-list-pipes", FAMILY, "spool_0000012345.txt", piped, clerk, truth_of(lines, "EUR"),
             traps=("minus sign behind", "bars around cells", "title and dashes"), encoding="cp1252", delimiter="|"),
        Case("sap-vbrp-technical", FAMILY, "VBRP.txt", partial(delimited, lines, technical, "\t", quote="none"),
             technical_clerk, truth_of(lines, "EUR"), traps=("returns without a sign", "technical names"),
             delimiter="\t"),
    ]  # fmt: skip


def cases() -> list[Case]:
    return [*odoo(), *sap()]
