"""Tables of pages as PDF: title, filters and numbers of the page; too long ones are refused before a byte is sent."""

import pytest
from pdf_text import pages_of
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

SHARED = True
LINES = 2_001


def sell(admin: Visitor, work: Work) -> None:
    dates = ["03-05-2026 10:00", *["03-06-2026 10:00"] * (LINES - 1)]
    admin.upload(indian_file(*(indian_sale(str(number), "1.50", date=one) for number, one in enumerate(dates))))
    work()


def test_a_table_has_its_filters_and_numbers(sold: Visitor) -> None:
    answer = sold.get("/tables/sales-by-store?format=pdf&from=2026-06-01&to=2026-06-30&region=IN")
    assert (answer.status_code, answer.mimetype) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"].endswith(".pdf")
    (page,) = pages_of(answer.data)
    first, filters, *_ = page.splitlines()
    assert first == "Sales by store"
    assert filters.startswith("1 Jun 2026 to 30 Jun 2026 · Region: IN")
    assert "MUM01" in page
    assert "IN MUM01 3,000.00 2,000" in page


def test_lines_have_the_columns_of_the_page(sold: Visitor) -> None:
    link = "/sale-lines/export?format=pdf&from=2026-05-01&to=2026-05-31&column=sale_id&column=net_amount"
    (page,) = pages_of(sold.get(link).data)
    assert "Sale id Net amount" in page
    assert "MUM01/0 1.50" in page
    listed = sold.get("/sale-lines?column=sale_id&column=net_amount").text
    assert "column=sale_id&amp;column=net_amount&amp;format=pdf" in listed


def test_personal_columns_need_their_permission(sold: Visitor, person: People) -> None:
    link = "/sale-lines/export?format=pdf&from=2026-05-01&to=2026-05-31&column=sale_id&column=customer_name"
    assert "Customer name" in pages_of(sold.get(link).data)[0]
    assert "Customer name" not in pages_of(person(Role.ANALYST).get(link).data)[0]


@pytest.mark.parametrize("links", ["/tables/sales-by-store?format=pdf", "/tables/sales-over-time?format=pdf"])
def test_short_tables_of_all_time_fit(sold: Visitor, links: str) -> None:
    assert sold.get(links).status_code == 200


def test_a_table_that_is_too_long_is_refused_with_another_format(sold: Visitor) -> None:
    answer = sold.get("/sale-lines/export?format=pdf")
    assert answer.status_code == 422
    assert "rows of this table. Narrow the filters, or use Excel (XLSX) or CSV." in answer.text
    assert sold.get("/sale-lines/export?format=xlsx").status_code == 200
