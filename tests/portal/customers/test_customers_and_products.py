"""The pages of customers and products: segments, cohorts and ABC classes, within the scope of the user."""

import re

from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

SHARED = True
APRIL, MAY, JUNE = "10-04-2026 10:00", "10-05-2026 10:00", "10-06-2026 10:00"


def _sale(number: str, amount: str, date: str, customer: str, product: str = "P1") -> str:
    return indian_sale(number, amount, date=date, customer=customer).replace(
        ",P1,Kettle,", f",{product},{product} ware,"
    )


def sell(admin: Visitor, work: Work) -> None:
    rows = [
        _sale("1", "800.00", APRIL, "C1"),
        _sale("2", "10.00", APRIL, "C2", "P2"),
        _sale("3", "100.00", MAY, "C1", "P3"),
        _sale("4", "80.00", MAY, "C3"),
        _sale("5", "10.00", JUNE, "C1", "P4"),
    ]
    admin.upload(indian_file(*rows), "spring.csv")
    work()


def _cells(page: str, label: str) -> list[list[str]]:
    """Texts of the cells of the table with the label, row by row."""
    (table,) = re.findall(rf'aria-label="{label}">\s*<table.*?</table>', page, re.DOTALL)
    rows = re.findall(r"<tr>(.*?)</tr>", table.partition("<tbody>")[2], re.DOTALL)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)
        ]
        for row in rows
    ]


def test_cohorts_show_who_came_back(sold: Visitor) -> None:
    april, may = _cells(sold.get("/customers").text, "Retention by cohort")
    assert april[1:] == ["2", "100.0%", "50.0%", "50.0%"]  # C1 came back in May and June, C2 never
    assert may[1:] == ["1", "100.0%", "0.0%", ""]
    (quarter,) = _cells(sold.get("/customers?cohorts=quarterly").text, "Retention by cohort")
    assert quarter[1:] == ["3", "100.0%"]


def test_a_filter_limits_a_cohort_to_its_customers_in_the_selection(sold: Visitor) -> None:
    (april,) = _cells(
        sold.get("/customers?from=2026-04-01&to=2026-05-31&product=P2&product=P3").text, "Retention by cohort"
    )
    assert april[1:] == ["1", "100.0%", "0.0%"]  # C2 bought P2; C1 did not buy either in April


def test_segments_add_up_to_all_customers(sold: Visitor) -> None:
    rows = _cells(sold.get("/customers").text, "Segments of customers")
    assert sum(int(row[1]) for row in rows) == 3
    everybody = sold.get("/customers/segments/all").text
    assert [name in everybody for name in ("C1", "C2", "C3")] == [True] * 3
    assert sold.get("/customers/segments/none-such").status_code == 404


def test_products_have_the_class_of_their_revenue(sold: Visitor) -> None:
    page = sold.get("/products").text
    assert [row[1] for row in _cells(page, "Products and revenue by class")] == ["1", "1", "2"]
    rows = {row[0].split()[0]: row[2] for row in _cells(page, "Products by revenue")}
    assert rows == {"P1": "A", "P3": "B", "P2": "C", "P4": "C"}
    assert [row[0].split()[0] for row in _cells(sold.get("/products?class=B").text, "Products by revenue")] == ["P3"]
    assert "No results" in sold.get("/products?q=no-such-product").text


def test_a_user_without_personal_data_sees_segments_but_no_customers(sold: Visitor, person: People) -> None:
    analyst = person(Role.ANALYST)
    page = analyst.get("/customers")
    assert page.status_code == 200
    assert "/customers/segments/" not in page.text
    assert analyst.get("/customers/segments/all").status_code == 403
    assert analyst.get("/tables/customers-by-segment").status_code == 403
    assert analyst.get("/tables/rfm-segments").status_code == 200


def test_another_region_has_no_customers(sold: Visitor, person: People) -> None:
    page = person(Role.MANAGER, "UK").get("/customers").text
    assert "No customers in this selection" in page
    assert "No products in this selection" in person(Role.MANAGER, "UK").get("/products").text


def test_each_table_can_be_exported(sold: Visitor) -> None:
    for name in ("rfm-segments", "customers-by-segment", "cohort-retention", "abc-classes", "products-by-class"):
        answer = sold.get(f"/tables/{name}?format=csv")
        assert answer.status_code == 200
        assert len(answer.text.splitlines()) > 1


def test_measures_are_listed_searched_and_limited_to_what_the_role_sees(sold: Visitor, person: People) -> None:
    everything = sold.get("/measures?size=100").text
    assert "Retention of a cohort" in everything
    assert "margin_rate" in everything
    assert "margin_rate" not in person(Role.SALESPERSON).get("/measures?size=100").text
    searched = sold.get("/measures?q=basket").text
    assert "basket_size" in searched
    assert "cohort_retention" not in searched
    assert "cohort_retention" not in sold.get("/measures?owner=Finance&size=100").text
    assert "Customers</a>" in sold.get("/why/cohort_retention").text
