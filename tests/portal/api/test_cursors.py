"""Lists are read to their end by cursor; what arrives meanwhile neither repeats nor hides a row."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from visitor import Visitor, Work, indian_file, indian_sale

from portal.api import pagination
from tillstream.model.errors import Rejected

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    rows = [
        indian_sale(str(number), f"{number}00.00", customer=f"C{number}", date=f"0{number % 3 + 2}-06-2026 10:15")
        for number in range(1, 8)
    ]
    for number, row in enumerate(rows):
        admin.upload(indian_file(row), name=f"{number}.csv")
        work()


def pages(visitor: Visitor, path: str, between: Callable[[int], None] = lambda _: None) -> Iterator[dict[str, Any]]:
    """Each page of a list, by the link to its next page."""
    number = 0
    while path:
        answer = visitor.get(path)
        assert answer.status_code == 200, answer.text
        body = answer.get_json()
        assert ("Link" in answer.headers) == (body["next_cursor"] is not None)
        yield body
        number += 1
        between(number)
        path = answer.headers.get("Link", "").partition(">")[0].lstrip("<")


@pytest.mark.own_home
def test_sale_lines_are_complete_while_sales_arrive(sold: Visitor, work: Work) -> None:
    before = [row["sale_id"] for row in sold.get("/api/v1/sale-lines").get_json()["rows"]]
    assert len(before) == 7

    def arrive(number: int) -> None:
        dates = ("09-06-2026 08:00", "03-06-2026 08:00", "01-06-2026 08:00")
        rows = [indian_sale(f"{place}0{number}", date=date) for place, date in enumerate(dates)]
        sold.upload(indian_file(*rows), name=f"more-{number}.csv")
        work()

    read = [row["sale_id"] for page in pages(sold, "/api/v1/sale-lines?limit=2", arrive) for row in page["rows"]]
    assert len(read) == len(set(read))
    assert [sale for sale in read if sale in before] == before
    assert len(read) > len(before)


def test_the_order_of_lines_does_not_depend_on_the_page(sold: Visitor) -> None:
    whole = sold.get("/api/v1/sale-lines?region=IN").get_json()["rows"]
    for limit in (1, 3, 7):
        parts = [row for page in pages(sold, f"/api/v1/sale-lines?region=IN&limit={limit}") for row in page["rows"]]
        assert parts == whole


@pytest.mark.own_home
def test_a_page_is_full_although_its_days_lost_lines_meanwhile(sold: Visitor, work: Work) -> None:
    first = sold.get("/api/v1/sale-lines?limit=2").get_json()
    gone = first["rows"][-1]
    sold.post(f"/uploads/{gone['batch_id']}/undo", {"reason": "wrong file"})
    work()
    rest = sold.get(f"/api/v1/sale-lines?limit=100&cursor={first['next_cursor']}").get_json()["rows"]
    assert len(rest) == 5


@pytest.mark.own_home
def test_changes_and_uploads_are_complete_while_files_arrive(sold: Visitor, work: Work) -> None:
    def arrive(number: int) -> None:
        sold.upload(indian_file(indian_sale(f"9{number}")), name=f"more-{number}.csv")
        work()

    settlements = [row["settlement_no"] for row in sold.get("/api/v1/changes").get_json()["rows"]]
    read = [row["settlement_no"] for page in pages(sold, "/api/v1/changes?limit=2", arrive) for row in page["rows"]]
    assert read == settlements
    uploads = [one["batch_id"] for one in sold.get("/api/v1/uploads").get_json()["uploads"]]
    read = [one["batch_id"] for page in pages(sold, "/api/v1/uploads?limit=3", arrive) for one in page["uploads"]]
    assert read == uploads


def test_changes_are_limited_to_those_after_a_settlement(sold: Visitor) -> None:
    rows = sold.get("/api/v1/changes?after=5").get_json()["rows"]
    assert [row["settlement_no"] for row in rows] == [7, 6]
    assert sold.get("/api/v1/changes?since=2999-01-01").get_json()["rows"] == []
    assert sold.get("/api/v1/changes?after=").status_code == 422


@pytest.mark.own_home
def test_a_ranking_that_changed_is_read_again(sold: Visitor, work: Work) -> None:
    names = [row["customer"] for page in pages(sold, "/api/v1/top-customers?limit=3") for row in page["rows"]]
    assert names == [f"C{number}" for number in range(7, 0, -1)]
    cursor = sold.get("/api/v1/top-customers?limit=3").get_json()["next_cursor"]
    sold.upload(indian_file(indian_sale("99", "9999.00", customer="C0")), name="more.csv")
    work()
    answer = sold.get(f"/api/v1/top-customers?limit=3&cursor={cursor}")
    assert (answer.status_code, answer.get_json()["type"]) == (409, "/help/problems/list-changed")


def test_a_caller_who_pages_by_offset_gets_links_with_offsets(sold: Visitor) -> None:
    assert "offset=4&" not in sold.get("/api/v1/uploads?limit=2").headers["Link"]
    assert "offset=4" in sold.get("/api/v1/uploads?limit=2&offset=2").headers["Link"]
    assert sold.get("/api/v1/sale-lines?offset=2").status_code == 422


@pytest.mark.parametrize("name", ["sale-lines", "changes", "uploads", "top-customers"])
@pytest.mark.parametrize("cursor", ["x", "%20", "é", "bnVsbA", "W10", pagination.encode_cursor("kpis", 1), "W1td"])
def test_a_cursor_of_another_list_is_rejected(sold: Visitor, name: str, cursor: str) -> None:
    assert sold.get(f"/api/v1/{name}?cursor={cursor}").status_code == 422


def test_a_cursor_has_values_of_its_kinds() -> None:
    assert pagination.decode_cursor("a", pagination.encode_cursor("a", 1, "ü"), int, str) == [1, "ü"]
    for position in ((True, "x"), (-1, "x"), (2**63, "x"), (1, "\ud800"), (1,), ("x", "y")):
        with pytest.raises(Rejected):
            pagination.decode_cursor("a", pagination.encode_cursor("a", *position), int, str)
    with pytest.raises(Rejected):
        pagination.decode_cursor("a", pagination.encode_cursor("b", 1, "x"), int, str)
