"""Pages of lists: page numbers that no list has, as in an edited address or after rows were deleted."""

import pytest
from flask import Flask, url_for
from visitor import People

from portal import menu
from portal.list_view import LAST_PAGE, ListQuery, page_number, page_of
from tillstream.model.permissions import Role


@pytest.mark.parametrize(
    ("text", "number"),
    [("3", 3), ("0", 1), ("-4", 1), ("", 1), ("two", 1), ("9" * 20, LAST_PAGE), ("9" * 5000, 1)],
)
def test_a_page_number_is_one_that_lists_can_have(text: str, number: int) -> None:
    assert page_number({"page": text}) == number


def test_a_page_after_the_last_one_is_the_last_one() -> None:
    page = page_of(ListQuery(page=9), list(range(60)))
    assert (list(page.rows), page.query.page, page.more) == (list(range(50, 60)), 3, False)
    assert page_of(ListQuery(page=9), []).query.page == 1


def test_no_area_fails_on_a_huge_page_number(portal: Flask, person: People) -> None:
    admin = person(Role.ADMIN)
    with portal.test_request_context():
        endpoints = [one.endpoint for one in menu.AREAS if one.endpoint in portal.view_functions]
        paths = [url_for(endpoint, page="9" * 20) for endpoint in endpoints]
    assert len(paths) > 25
    assert [path for path in paths if admin.get(path).status_code >= 500] == []
