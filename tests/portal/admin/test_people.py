"""The people page: what an account may do and see is changed later, and counts at the person's next click."""

import re

import pytest
from visitor import People

from tillstream.app import App
from tillstream.model.errors import Conflict
from tillstream.model.people import Scope
from tillstream.model.permissions import Role
from tillstream.people import accounts

MANAGER = {"name": "Asha", "role": "manager", "regions": "IN, UK", "stores": "", "salesperson": ""}


def error_under(page: str, field: str) -> str:
    match = re.search(rf'id="{field}-error">([^<]*)<', page)
    return match[1] if match else ""


def test_an_admin_changes_what_a_person_sees_and_it_counts_at_their_next_click(app: App, person: People) -> None:
    admin, asha = person(Role.ADMIN, login="boss"), person(Role.CLERK, "IN", login="asha")
    assert '<option value="UK">' not in asha.get("/uploads").text
    assert admin.post("/people/asha", MANAGER | {"regions": "UK"}).headers["Location"] == "/people/asha"
    page = asha.get("/uploads").text
    assert ('<option value="UK">' in page, '<option value="IN">' in page) == (True, False)
    assert accounts.get_user(app.ports, "asha").scope == Scope(Role.MANAGER, ("UK",))
    admin.post("/people/asha", {"name": "Asha", "role": "analyst", "regions": ""})
    assert (asha.get("/uploads").status_code, asha.get("/dashboard").status_code) == (403, 200)
    page = admin.get("/people/asha").text
    assert "role: clerk → manager; regions: IN → UK" in page
    assert ">boss</td>" in page


def test_the_form_holds_what_the_account_has(person: People) -> None:
    admin = person(Role.ADMIN)
    person(Role.SALESPERSON, "IN", login="asha", salesperson="S7")
    page = admin.get("/people/asha").text
    assert 'value="IN"' in page
    assert 'value="S7"' in page
    assert '<option selected value="salesperson">' in page


@pytest.mark.parametrize(
    ("form", "field", "words"),
    [
        ({"regions": "IN, Mars"}, "regions", "There is no region Mars."),
        ({"regions": ""}, "regions", "Assign at least one"),
        ({"role": "salesperson"}, "salesperson", "the ID that the tills record"),
        ({"role": "king"}, "role", "Not a valid choice"),
    ],
)
@pytest.mark.parametrize("address", ["/people", "/people/asha"])
def test_an_invalid_value_is_explained_under_its_field(
    app: App, person: People, address: str, form: dict[str, str], field: str, words: str
) -> None:
    admin = person(Role.ADMIN)
    person(Role.CLERK, "IN", login="asha")
    answer = admin.post(address, MANAGER | {"login": "new"} | form)
    assert answer.status_code == 422
    assert words in error_under(answer.text, field)
    assert error_under(answer.text, "login") == ""
    assert accounts.get_user(app.ports, "asha").scope == Scope(Role.CLERK, ("IN",))


def test_an_account_that_was_changed_meanwhile_has_no_field_to_blame(
    person: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object, **__: object) -> None:
        raise Conflict("The account was changed meanwhile.")

    admin = person(Role.ADMIN)
    person(Role.CLERK, "IN", login="asha")
    monkeypatch.setattr(accounts, "assign_account", lost)
    assert admin.post("/people/asha", MANAGER).status_code == 409


@pytest.mark.parametrize(("login", "words"), [("asha", "already exists"), ("-x", "starts with a letter")])
def test_an_invalid_sign_in_name_is_explained_under_its_field(person: People, login: str, words: str) -> None:
    admin = person(Role.ADMIN)
    person(Role.CLERK, "IN", login="asha")
    assert words in error_under(admin.post("/people", MANAGER | {"login": login}).text, "login")


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMIN])
def test_only_an_admin_changes_users(app: App, person: People, role: Role) -> None:
    person(Role.CLERK, "IN", login="asha")
    other = person(role, "IN", login="other")
    assert other.post("/people/asha", MANAGER).status_code == 403
    assert accounts.get_user(app.ports, "asha").role is Role.CLERK


def test_an_admin_changes_another_admin_but_not_themself(app: App, person: People) -> None:
    boss = person(Role.ADMIN, login="boss")
    person(Role.ADMIN, login="second")
    assert boss.post("/people/boss", MANAGER).status_code == 422
    assert "another admin can change it" in boss.get("/people/boss").text
    assert boss.post("/people/second", MANAGER).status_code == 303
    assert boss.post("/people/boss", MANAGER).status_code == 422
    assert accounts.get_user(app.ports, "boss").role is Role.ADMIN


def test_who_stops_and_lets_in_again_is_written_down(app: App, person: People) -> None:
    boss = person(Role.ADMIN, login="boss")
    person(Role.CLERK, "IN", login="asha")
    for step in ("disable", "enable", "reset"):
        boss.post(f"/people/asha/{step}")
    assert {change["by"] for change in accounts.account_history(app.ports, "asha")[:3]} == {"boss"}
