"""Lists of accounting programs: DATEV, Sage, 1C, Xero, NetSuite, Navision."""

from dataclasses import replace
from decimal import Decimal
from functools import partial

from tests.strangers.case import Case, Clerk
from tests.strangers.facts import Plan, draw
from tests.strangers.shapes.till import Till
from tests.strangers.tables import (
    Columns,
    comma,
    delimited,
    money,
    plain,
    stamp,
)
from tests.strangers.truth import truth_of

FAMILY = "business programs"


def journals() -> list[Case]:
    """Postings: DATEV-like with two header lines, Sage, 1C."""
    datev_lines = draw(Plan(421, max_lines=1, sales=150, returned=0.06, start=Plan(0).start, days=80))
    datev: Columns = {
        "Umsatz (ohne Soll/Haben-Kz)": lambda line: comma(abs(line.total)),
        "Soll/Haben-Kennzeichen": lambda line: "H" if line.total < 0 else "S",
        "WKZ Umsatz": lambda line: "EUR",
        "Konto": lambda line: f"{10_000 + line.sale % 9}",
        "Gegenkonto (ohne BU-Schlüssel)": lambda line: "8400",
        "BU-Schlüssel": lambda line: "",
        "Belegdatum": stamp("%d%m"),
        "Belegfeld 1": lambda line: f"RE-{2026_000 + line.sale}",
        "Buchungstext": lambda line: f"{line.customer}, {line.product}",
    }
    head = ('"EXTF";700;21;"Buchungsstapel";13;20260420101112000;;"RE";"";"";29098;55003;20260101;4;20260201;20260430;'
            '"Verkäufe";"";1;0;0;"EUR"')  # fmt: skip
    clerk = Clerk(
        "Kanzlei", "DE", "EUR", columns={
            "gross_amount": "Umsatz (ohne Soll/Haben-Kz)", "net_amount": "-", "currency": "WKZ Umsatz",
            "date": "Belegdatum", "sale_id": "Belegfeld 1", "status": "Soll/Haben-Kennzeichen",
            "product_name": "Buchungstext", "customer_id": "Konto"},
        status={"S": "completed", "H": "returned"},
        answers={"identity": "Belegfeld 1", "amount": "gross", "date_order": "DMY", "decimal": ","},
    )  # fmt: skip
    sage = Till(
        "sage-50-uk", "Sales Invoice List.csv", Plan(422, rate=Decimal("0.2"), sales=80, returned=0.05),
        {
            "Invoice No": lambda line: 10_400 + line.sale,
            "Type": lambda line: "Crd" if line.status == "returned" else "Inv",
            "Date": stamp("%d/%m/%Y"),
            "A/C": lambda line: line.customer.split()[1].upper()[:8],
            "Name": lambda line: line.customer,
            "Stock Code": lambda line: line.code,
            "Details": lambda line: line.product,
            "Qty": lambda line: plain(line.quantity),
            "Price": lambda line: plain(line.price),
            "Net": lambda line: plain(line.net),
            "VAT": lambda line: plain(line.tax),
            "Gross": lambda line: plain(line.gross),
        },
        Clerk("Sage UK", "GB", "GBP", columns={
            "sale_id": "Invoice No", "status": "Type", "date": "Date", "customer_id": "A/C", "customer_name": "Name",
            "product_id": "Stock Code", "product_name": "Details", "quantity": "Qty", "unit_price": "Price",
            "net_amount": "Net", "tax": "VAT", "gross_amount": "Gross"},
            status={"Inv": "completed", "Crd": "returned"},
            answers={"identity": "Invoice No", "date_order": "DMY"}),
        quote="all", above=("Hearth & Home Ltd", "Sales Invoice List", ""), traps=("title above",),
    ).case(FAMILY)  # fmt: skip
    one_c = Till(
        "1c-realizacii", "Реализации.txt", Plan(423, rate=Decimal("0.2"), taxed=True, sales=70,
        goods=(("00-01", "Чашка синяя", "Посуда", "450.00"), ("00-02", "Чайник", "Посуда", "2390.00"),
               ("00-03", "Плед шерстяной", "Текстиль", "5120.50"), ("00-04", "Свеча", "Декор", "390.00"))),
        {
            "Номер": lambda line: f"УТ00-{line.sale:06}",
            "Дата": stamp("%d.%m.%Y %H:%M:%S"),
            "Контрагент": lambda line: f"ООО «{line.customer.split()[1]}»",
            "Артикул": lambda line: line.code,
            "Номенклатура": lambda line: line.product,
            "Количество": lambda line: money(line.quantity, ",", "\xa0", places=3),
            "Цена": lambda line: money(line.price, ",", "\xa0"),
            "Сумма": lambda line: money(line.full, ",", "\xa0"),
            "Сумма НДС": lambda line: money(line.tax, ",", "\xa0"),
            "Всего": lambda line: money(line.gross, ",", "\xa0"),
        },
        Clerk("Москва", "RU", "RUB", "Europe/Moscow", {
            "sale_id": "Номер", "date": "Дата", "customer_name": "Контрагент", "product_id": "Артикул",
            "product_name": "Номенклатура", "quantity": "Количество", "unit_price": "Цена", "gross_amount": "Всего",
            "tax": "Сумма НДС", "net_amount": "-"}, answers={
            "identity": "Номер", "date_order": "DMY", "decimal": ",", "prices": "gross", "amount": "gross"}),
        "\t", "cp1251",
    ).case(FAMILY)  # fmt: skip
    return [
        Case("datev-buchungsstapel", FAMILY, "EXTF_Buchungsstapel.csv",
             partial(delimited, datev_lines, datev, ";", "cp1252", above=(head,)), clerk,
             truth_of(datev_lines, "EUR", "gross", units=False), "figures or held",
             traps=("dates without a year", "debit and credit"), encoding="cp1252", delimiter=";"),
        sage,
        one_c,
    ]  # fmt: skip


def ledgers() -> list[Case]:
    xero = Till(
        "xero-invoices", "SalesInvoices-2026.csv", Plan(431, rate=Decimal("0.15"), sales=80, cancelled=0.08),
        {
            "*ContactName": lambda line: line.customer,
            "EmailAddress": lambda line: "",
            "*InvoiceNumber": lambda line: f"INV-{line.sale:04}",
            "Reference": lambda line: "",
            "*InvoiceDate": stamp("%-d/%m/%Y"),
            "*DueDate": stamp("28/%m/%Y"),
            "InventoryItemCode": lambda line: line.code,
            "*Description": lambda line: line.product,
            "*Quantity": lambda line: plain(line.quantity, 4),
            "*UnitAmount": lambda line: plain(line.price, 4),
            "Discount": lambda line: "",
            "LineAmount": lambda line: plain(line.net),
            "*AccountCode": lambda line: "200",
            "*TaxType": lambda line: "15% GST on Income",
            "TaxAmount": lambda line: plain(line.tax),
            "Currency": lambda line: "NZD",
            "Type": lambda line: "Sales invoice",
            "Status": lambda line: "Voided" if line.status == "cancelled" else "Paid",
        },
        Clerk("Xero", "NZ", "NZD", columns={
            "customer_name": "*ContactName", "sale_id": "*InvoiceNumber", "date": "*InvoiceDate",
            "product_id": "InventoryItemCode", "product_name": "*Description", "quantity": "*Quantity",
            "unit_price": "*UnitAmount", "net_amount": "LineAmount", "tax": "TaxAmount", "currency": "Currency",
            "status": "Status"}, status={"Paid": "completed", "Voided": "cancelled"},
            answers={"identity": "*InvoiceNumber", "date_order": "DMY", "amount": "net"}),
        traps=("two date columns", "stars in the header"),
    ).case(FAMILY)  # fmt: skip
    netsuite = Till(
        "netsuite-sales-by-item", "SalesbyItemDetail-412.csv", Plan(432, sales=80, returned=0.06, hours=(9, 10)),
        {
            "Item": lambda line: line.code,
            "Type": lambda line: "Credit Memo" if line.status == "returned" else "Invoice",
            "Date": stamp("%-m/%-d/%Y"),
            "Document Number": lambda line: f"INV{52_000 + line.sale}",
            "Description": lambda line: line.product,
            "Qty. Sold": lambda line: line.quantity,
            "Sales Price": lambda line: money(line.price, thousands=",", before="$"),
            "Revenue": lambda line: _accounting(line.net),
        },
        Clerk("NetSuite", "US", "USD", columns={
            "product_id": "Item", "status": "Type", "date": "Date", "sale_id": "Document Number",
            "product_name": "Description", "quantity": "Qty. Sold", "unit_price": "Sales Price",
            "net_amount": "Revenue"}, status={"Invoice": "completed", "Credit Memo": "returned"},
            answers={"identity": "Document Number", "date_order": "MDY", "amount": "net"}),
        above=("Hearth & Home Inc.", "Sales by Item Detail", '"February 3, 2026 - April 18, 2026"', ""),
        traps=("negatives in brackets", "title above"),
    ).case(FAMILY)  # fmt: skip
    navision = Till(
        "navision-posten", "Verkaufsposten.csv", Plan(433, sales=90, rate=Decimal("0.081"), returned=0.05),
        {
            "Laufnr.": lambda line: 810_000 + line.sale * 10 + line.number,
            "Buchungsdatum": stamp("%d.%m.%y"),
            "Belegnr.": lambda line: f"VR{line.sale:06}",
            "Artikelnr.": lambda line: line.code,
            "Beschreibung": lambda line: line.product,
            "Lagerortcode": lambda line: "ZÜRICH",
            "Fakturierte Menge": lambda line: comma(-line.quantity),
            "Verkaufsbetrag (Ist)": lambda line: money(line.net, ".", "'"),
            "Einstandsbetrag (Ist)": lambda line: money(-line.net / 2, ".", "'"),
        },
        Clerk("Schweiz", "CH", "CHF", columns={
            "line_key": "Laufnr.", "date": "Buchungsdatum", "sale_id": "Belegnr.", "product_id": "Artikelnr.",
            "product_name": "Beschreibung", "store_id": "Lagerortcode", "quantity": "Fakturierte Menge",
            "net_amount": "Verkaufsbetrag (Ist)"},
            answers={"identity": "Belegnr.", "date_order": "DMY", "amount": "net", "decimal": "."}),
        ";", "cp1252", traps=("quantities with the opposite sign", "two decimal signs"),
    )  # fmt: skip
    # no word tells a return in this list, only the sign of its amount
    lines = [replace(line, status="completed") for line in draw(navision.plan)]
    case = replace(navision.case(FAMILY), truth=truth_of(lines, "CHF"), expected="figures or held")
    return [xero, netsuite, case]


def _accounting(number: Decimal) -> str:
    written = money(abs(number), thousands=",", before="$")
    return f"({written})" if number < 0 else written


def cases() -> list[Case]:
    return [*journals(), *ledgers()]
