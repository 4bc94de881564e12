"""Data quality pages before and after a run whose checks pass, and who may see them."""

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

SHARED = True


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale("1", "800.00", date="10-04-2026 10:00")), "spring.csv")
    work()


def test_without_a_run_the_page_states_when_one_comes(sold: Visitor) -> None:
    assert "No checks have run yet" in sold.get("/quality").text


@pytest.mark.own_home
def test_an_administrator_runs_all_checks(sold: Visitor) -> None:
    answer = sold.post("/quality", follow_redirects=True)
    assert "All checks pass." in answer.text
    assert "checks pass." in answer.text
    assert "1 day with a run, all passed." in answer.text


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON])
def test_others_may_not_see_the_pages(sold: Visitor, person: People, role: Role) -> None:
    visitor = person(role, "IN")
    assert visitor.get("/quality").status_code == 403
    assert visitor.get("/api/v1/quality").status_code == 403


def test_an_unknown_check_is_not_there(sold: Visitor) -> None:
    assert sold.get("/quality/none").status_code == 404
