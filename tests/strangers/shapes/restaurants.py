"""Exports of tills of restaurants: the present one of Clover, orderbird, and the lines of German tills (DSFinV-K)."""

from dataclasses import replace
from decimal import Decimal

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Line, Plan, draw
from tests.strangers.shapes.till import FAMILY, Till
from tests.strangers.tables import Columns, comma, delimited, money, plain, stamp
from tests.strangers.truth import truth_of


def clover() -> Case:
    """Discounts of orders fall on the items; refunded items are marked, and rows of service charges are no items."""
    lines = draw(Plan(904, rate=Decimal("0.065"), sales=90, discounted=0.3, cancelled=0.05, quantities=(1,)))
    charges = {line.sale for line in lines if line.sale % 4 == 0}

    def row(line: Line, goods: object, charge: object = "") -> object:
        return charge if line.code == "" else goods

    columns: Columns = {
        "Line Item Date": lambda line: f"{line.at:%d-%b-%Y %I:%M %p} {'EDT' if line.at.month > 3 else 'EST'}",
        "Order Employee Name": lambda line: "Jo D",
        "Item ID": lambda line: row(line, f"{line.code}XQ"),
        "Item SKU": lambda line: line.code,
        "Order ID": lambda line: f"{line.sale * 99_991:013X}",
        "Item Name": lambda line: line.product,
        "Currency": lambda line: "USD",
        "Per Unit Quantity": lambda line: "",
        "Item Revenue": lambda line: plain(line.full),
        "Modifiers Revenue": lambda line: "",
        "Total Revenue": lambda line: plain(line.full),
        "Discounts": lambda line: "",
        "Total Discount": lambda line: "0.00",
        "Order Discount Proportion": lambda line: plain(-line.discount),
        "Item Total": lambda line: plain(line.net),
        "Item Tax Rate": lambda line: row(line, "0.065", "0.0"),
        "Item Fee": lambda line: "0.00",
        "Tax Amount": lambda line: plain(line.tax),
        "Item Total with Tax/Fee Amount": lambda line: plain(line.gross),
        "Refunded": lambda line: "true" if line.status == "cancelled" else "false",
        "Exchanged": lambda line: "false",
        "Order Payment State": lambda line: "Paid",
        "Service Charge": lambda line: row(line, "", "True"),
    }
    rows = []
    for line in lines:
        rows.append(line)
        if line.number == line.of and line.sale in charges:
            tip = replace(line, code="", product="Gratuity", quantity=Decimal(1), price=Decimal(5), status="completed")
            rows.append(replace(tip, discount=Decimal(0), tax=Decimal(0)))
    clerk = Clerk("Clover", "US", "USD", "America/New_York", status={"true / Paid": "cancelled"}, answers={
        "identity": "Order ID", "amount": "net", "returns": "cancel"})  # fmt: skip
    return Case("clover-items-of-discounted-orders", FAMILY, "LineItemsExport-20260203_0000_EST.csv",
                lambda: delimited(rows, columns), clerk, truth_of(lines, "USD", units=False))  # fmt: skip


def orderbird() -> Case:
    """Prices of the line with and without tax are called Preis."""
    columns: Columns = {
        "Datum": stamp("%d.%m.%Y"),
        "Uhrzeit": stamp("%H:%M"),
        "Rechnungsnummer": lambda line: 5_000 + line.sale,
        "Produkt": lambda line: line.product,
        "Kategorie": lambda line: line.category,
        "Menge": lambda line: line.quantity,
        "Einzelpreis": lambda line: comma(line.price),
        "Preis Brutto": lambda line: comma(line.gross),
        "Preis Netto": lambda line: comma(line.net),
        "MwSt.": lambda line: comma(line.tax),
        "MwSt.-Satz": lambda line: "19%",
        "Kellner": lambda line: "Jo",
        "Storniert": lambda line: "ja" if line.status == "cancelled" else "nein",
    }
    mapped = {"date": "Datum", "unit_price": "Einzelpreis", "gross_amount": "Preis Brutto", "net_amount": "Preis Netto"}
    clerk = Clerk("Orderbird", "DE", "EUR", "Europe/Berlin", mapped, {"ja": "cancelled", "nein": "completed"}, {
        "identity": "Rechnungsnummer", "decimal": ",", "date_order": "DMY"})  # fmt: skip
    plan = Plan(1012, sales=80, taxed=True, rate=Decimal("0.19"), cancelled=0.05)
    return Till("orderbird-umsaetze", "umsaetze.csv", plan, columns, clerk, ";").case()


def german_till() -> Case:
    """Gross prices with five decimals, and tips of the staff among the lines."""
    lines = draw(Plan(1013, sales=80, taxed=True, rate=Decimal("0.19"), returned=0.05))
    columns: Columns = {
        "Z_KASSE_ID": lambda line: "K1",
        "Z_ERSTELLUNG": stamp("%Y-%m-%dT20:00:00"),
        "Z_NR": lambda line: (line.at - lines[0].at).days + 1,
        "BON_ID": lambda line: f"B{line.sale}",
        "POS_ZEILE": lambda line: line.number,
        "GUTSCHEIN_NR": lambda line: "",
        "ARTIKELTEXT": lambda line: line.product,
        "POS_TERMINAL_ID": lambda line: "T1",
        "GV_TYP": lambda line: "Umsatz" if line.code else "TrinkgeldAN",
        "GV_NAME": lambda line: "",
        "INHAUS": lambda line: "0",
        "P_STORNO": lambda line: "0",
        "AGENTUR_ID": lambda line: "0",
        "ART_NR": lambda line: line.code,
        "GTIN": lambda line: "",
        "WARENGR_ID": lambda line: "1",
        "WARENGR": lambda line: line.category,
        "MENGE": lambda line: money(line.quantity, ",", places=3),
        "FAKTOR": lambda line: "1,000",
        "EINHEIT": lambda line: "Stk",
        "STK_BR": lambda line: money(line.price, ",", places=5),
    }
    rows = []
    for line in lines:
        rows.append(line)
        if line.number == line.of and line.sale % 6 == 0:
            tip = replace(line, code="", product="Trinkgeld", quantity=Decimal(1), price=Decimal(2))
            rows.append(replace(tip, number=line.number + 1))
    clerk = Clerk("DSFinV-K", "DE", "EUR", "Europe/Berlin", answers={"tax_rate": "0.19"})
    return Case("dsfinvk-lines", FAMILY, "lines.csv", lambda: delimited(rows, columns, ";"), clerk,
                truth_of(lines, "EUR", "gross"), delimiter=";")  # fmt: skip


def cases() -> list[Case]:
    return [clover(), orderbird(), german_till()]
