"""Personal tokens: a person's program is them on the API, within what the token was given, until it ends."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands.administration import RIGHTS as CLI_RIGHTS
from tillstream.commands.administration import list_tokens, make_token, revoke_token
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.people.personal_tokens import TOKEN_RIGHTS


def create_token(visitor: Visitor, **form: object) -> str:
    """The text of a token made on the page."""
    answer = visitor.post("/tokens", {"name": "report", "rights": ["numbers"], "days": "90", **form})
    assert answer.status_code == 201, answer.text
    match = re.search(r'id="secret">([^<]+)<', answer.text)
    assert match
    return match[1]


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def program(portal: Flask) -> Callable[..., object]:
    """A program without cookies: status code and JSON of an address, asked with a token."""

    def ask(text: str, path: str, method: str = "GET") -> tuple[int, dict[str, object]]:
        answer = portal.test_client().open(path, method=method, headers=bearer(text), buffered=True)
        return answer.status_code, answer.get_json()

    return ask


def test_a_program_is_its_person_on_the_api(person: People, work: Work, program: Callable[..., tuple]) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1"), indian_sale("2")))
    work()
    status, kpis = program(create_token(person(Role.MANAGER, "IN")), "/api/kpis")
    assert (status, kpis["lines"]) == (200, 2)
    assert program(create_token(person(Role.MANAGER, "UK")), "/api/kpis")[1]["lines"] == 0


def test_a_token_allows_only_its_rights(person: People, program: Callable[..., tuple]) -> None:
    text = create_token(person(Role.MANAGER, "IN"))
    status, problem = program(text, "/api/uploads")
    assert status == 403
    assert "does not have the right" in problem["detail"]
    assert program(text, "/api/top-customers")[0] == 403
    more = create_token(person(Role.MANAGER, "IN", login="second"), rights=["numbers", "personal"])
    assert program(more, "/api/top-customers")[0] == 200
    assert program(text, "/dashboard")[0] == 303


def test_a_token_of_one_region_does_not_see_the_other(
    person: People, work: Work, program: Callable[..., tuple]
) -> None:
    admin = person(Role.ADMIN)
    admin.upload(indian_file(indian_sale("1")))
    admin.app.contracts.pin("UK")  # in use, so that the region is offered
    work()
    assert program(create_token(admin, regions=["UK"]), "/api/kpis")[1]["lines"] == 0
    assert program(create_token(admin, regions=["IN"]), "/api/kpis")[1]["lines"] == 1


def test_a_user_cannot_grant_rights_that_they_lack(person: People) -> None:
    analyst = person(Role.ANALYST, "IN")
    page = analyst.get("/tokens").text
    assert 'value="numbers"' in page
    assert 'value="uploads"' not in page
    assert analyst.post("/tokens", {"name": "x", "rights": ["uploads"], "days": "90"}).status_code == 422
    clerk = person(Role.CLERK, "IN", "UK")
    assert (
        clerk.post("/tokens", {"name": "x", "rights": ["numbers"], "regions": ["USA"], "days": "90"}).status_code == 422
    )
    assert clerk.post("/tokens", {"name": "x", "rights": ["numbers"], "days": "900"}).status_code == 422
    assert clerk.post("/tokens", {"name": "", "rights": ["numbers"], "days": "90"}).status_code == 422


def test_less_rights_of_the_person_are_less_rights_of_the_token(
    app: App, person: People, program: Callable[..., tuple]
) -> None:
    text = create_token(person(Role.CLERK, "IN", login="asha"), rights=["numbers", "uploads"])
    assert program(text, "/api/uploads")[0] == 200
    accounts.assign_account(app.ports, "asha", role=Role.ANALYST)
    assert program(text, "/api/uploads")[0] == 403
    accounts.assign_account(app.ports, "asha", regions=["UK"])
    assert program(text, "/api/kpis?region=IN")[0] == 400


def test_a_token_ends_by_its_day_by_its_owner_and_with_its_person(
    app: App, clock: ManualClock, person: People, program: Callable[..., tuple]
) -> None:
    clerk = person(Role.CLERK, "IN", login="asha")
    person(Role.ADMIN)
    old, mine, kept = create_token(clerk, days="7"), create_token(clerk), create_token(clerk)
    clerk.post(f"/tokens/{mine.split('_')[1]}/revoke")
    assert [program(one, "/api/kpis")[0] for one in (old, mine, kept)] == [200, 401, 200]
    clock.advance(7 * 86_400)
    status, problem = program(old, "/api/kpis")
    assert (status, problem["title"]) == (401, "This token is not valid")
    accounts.disable_account(app.ports, "asha")
    assert program(kept, "/api/kpis")[0] == 401


def test_only_the_owner_and_admins_revoke(app: App, person: People, program: Callable[..., tuple]) -> None:
    asha, other, admin = (
        person(Role.CLERK, "IN", login="asha"), person(Role.CLERK, "IN", login="other"), person(Role.ADMIN),
    )  # fmt: skip
    text = create_token(asha)
    token_id = text.split("_")[1]
    assert other.post(f"/tokens/{token_id}/revoke").status_code == 404
    assert other.post(f"/tokens/everybody/{token_id}/revoke").status_code == 403
    assert "asha" in admin.get("/tokens/everybody").text
    assert admin.post(f"/tokens/everybody/{token_id}/revoke").status_code == 303
    assert program(text, "/api/kpis")[0] == 401
    (token,) = personal_tokens.find_personal_tokens(app.ports, "asha")
    assert token.revoked_by == "admin-all"


def test_making_and_ending_a_token_is_in_the_audit_log(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN", login="asha")
    token_id = create_token(clerk).split("_")[1]
    clerk.post(f"/tokens/{token_id}/revoke")
    entries = [one for one in app.ports.documents.find("audit", {"subject": token_id}) if one.data["kind"] == "token"]
    assert {one.data["who"] for one in entries} == {"asha"}
    assert [one.data["what"] for one in entries] == ["token.issued", "token.revoked"]
    assert entries[0].data["after"]["rights"] == ["numbers"]


def test_a_token_is_shown_once_and_kept_as_a_hash(app: App, person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    text = create_token(clerk)
    assert text not in clerk.get("/tokens").text
    (document,) = app.ports.documents.find("personal_tokens")
    assert text.split("_", 2)[2] not in str(document.data)


def test_its_last_use_is_noted(person: People, program: Callable[..., tuple]) -> None:
    clerk = person(Role.CLERK, "IN")
    text = create_token(clerk)
    assert ">never<" in clerk.get("/tokens").text
    program(text, "/api/kpis")
    assert "1 Jul 2026" in clerk.get("/tokens").text


def test_a_change_by_token_needs_no_page_and_by_session_does(portal: Flask, person: People) -> None:
    manager = person(Role.MANAGER, "IN")
    text = create_token(manager, rights=["pipeline"])
    client = portal.test_client()
    assert client.post("/api/data-refresh", headers=bearer(text)).status_code == 202
    assert manager.client.post("/api/data-refresh").status_code == 403
    assert manager.client.post("/api/data-refresh", headers=bearer("tsp_nothing")).status_code == 401


def test_a_wrong_token_beside_a_session_is_a_wrong_token(person: People) -> None:
    answer = person(Role.ADMIN).get("/api/kpis", headers=bearer("tsp_" + "0" * 12 + "_" + "a" * 43))
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_command_line_makes_lists_and_ends_tokens(app: App, program: Callable[..., tuple]) -> None:
    assert tuple(TOKEN_RIGHTS) == CLI_RIGHTS
    accounts.add_account(app.ports, "asha", "Asha", Role.MANAGER, regions=["IN"])
    result = make_token(app, login="asha", name="nightly", rights=["numbers"], days=1).data
    assert program(result["token"], "/api/kpis")[0] == 200
    (listed,) = list_tokens(app, login="asha").data
    assert (listed["name"], listed["state"], "token" in listed) == ("nightly", "live", False)
    assert revoke_token(app, token=result["id"]).data["state"] == "revoked"
    assert program(result["token"], "/api/kpis")[0] == 401
    with pytest.raises(NotFound):
        revoke_token(app, token="0" * 12)
    for wrong in ({"rights": ["pipelines"]}, {"rights": []}, {"regions": ["UK"]}, {"days": 366}, {"name": " "}):
        with pytest.raises(Rejected):
            make_token(app, **{"login": "asha", "name": "x", "rights": ["numbers"], **wrong})
