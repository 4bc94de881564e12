"""Purchase orders as PDF and CSV: their content, hidden costs, and texts that could be formulas or markup."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pypdfium2
import pytest
from order_steps import KETTLE, LAMP, draft, lines

from tillstream.ports import Ports
from tillstream.stock import order_documents
from tillstream.stock.purchase_orders import OrderLine, PurchaseOrder


@pytest.fixture
def order(ports: Ports) -> PurchaseOrder:
    created = draft(ports, {KETTLE: 12, LAMP: "2.5"})
    return replace(created, sent_on=date(2026, 7, 1), expected_on=date(2026, 7, 8), note="Ring twice")


def _text(content: bytes) -> str:
    return "\n".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content))


def test_the_csv_has_units_packs_and_costs(ports: Ports, order: PurchaseOrder) -> None:
    assert order_documents.order_document(ports, order, costs=True).render("csv").decode() == (
        "product,name,units,pack_size,packs,unit_cost,cost\r\n"
        "KET,Kettle,12,6,2,4.5,54\r\n"
        "LAMP,Desk lamp,2.5,,,10,25\r\n"
    )


def test_costs_are_left_out_for_readers_without_them(ports: Ports, order: PurchaseOrder) -> None:
    document = order_documents.order_document(ports, order, costs=False)
    assert document.render("csv").decode().splitlines() == [
        "product,name,units,pack_size,packs", "KET,Kettle,12,6,2", "LAMP,Desk lamp,2.5,,",
    ]  # fmt: skip
    assert "Total" not in _text(document.render("pdf"))


def test_texts_of_the_csv_are_no_formulas(ports: Ports, order: PurchaseOrder) -> None:
    line = OrderLine("=1+1", "@SUM(A1)", Decimal(1))
    content = order_documents.order_document(ports, replace(order, lines=(line,)), costs=True).render("csv").decode()
    assert content.splitlines()[1] == "'=1+1,'@SUM(A1),1,,,,"


def test_the_pdf_names_supplier_store_days_and_lines(ports: Ports, order: PurchaseOrder) -> None:
    text = _text(order_documents.order_document(ports, order, costs=True).render("pdf"))
    for part in (
        "Purchase order PO-000001", "Acme Wholesale (ACME)", "Mumbai (MUM01)", "1 Jul 2026", "8 Jul 2026", "Ring twice",
        "Kettle", "4.50", "54.00", "Total 79.00 INR",
    ):  # fmt: skip
        assert part in text, part


def test_texts_of_the_pdf_are_no_markup_and_many_lines_take_pages(ports: Ports, order: PurchaseOrder) -> None:
    many = tuple(OrderLine(f"P{number}", "#panic() *bold* 漢", Decimal(1)) for number in range(120))
    content = order_documents.order_document(
        ports, replace(order, lines=(*lines({KETTLE: 1}), *many)), costs=True
    ).render("pdf")
    assert len(pypdfium2.PdfDocument(content)) > 2
    assert "#panic() *bold* ?" in _text(content)
    assert "Total" not in _text(content)


def test_amounts_are_rounded_to_the_currency_and_add_up(ports: Ports, order: PurchaseOrder) -> None:
    """Three screws of 0.015 cost 0.05 a line; a supplier adds up the amounts that the document has."""
    screws = tuple(OrderLine(code, code, Decimal(3), Decimal("0.015")) for code in ("S1", "S2"))
    several = replace(order, lines=(*screws, OrderLine("T", "T", Decimal(4), Decimal("20.681"))))
    text = _text(order_documents.order_document(ports, several, costs=True).render("pdf"))
    for part in ("0.015", "0.05", "20.681", "82.72", "Total 82.82 INR"):
        assert part in text, part
    assert "82.724" not in text
    assert (
        order_documents.order_document(ports, several, costs=True)
        .render("csv")
        .decode()
        .splitlines()[3]
        .endswith(",82.72")
    )
    in_yen = replace(several, currency="JPY")
    assert "Total 83 JPY" in _text(order_documents.order_document(ports, in_yen, costs=True).render("pdf"))
