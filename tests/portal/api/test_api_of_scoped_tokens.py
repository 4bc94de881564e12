"""Schemathesis with the tokens of people of a store and of a region, and calls that follow from answers to others.

Answers keep to the document to the last column, and say nothing of stores that the person does not see. Each commit
tries every operation as two of the four people.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from test_api_fuzzed import NAMES, OURS, SHORT, fuzz, operations_of, served_company
from turns import in_turns

from tillstream.app import App
from tillstream.model.permissions import PERMISSIONS, Role
from tillstream.people import accounts, personal_tokens

PEOPLE: dict[str, tuple[Role, tuple[str, ...], tuple[str, ...]]] = {
    "manager-of-store": (Role.MANAGER, ("IN",), ("MUM01",)),
    "clerk-abroad": (Role.CLERK, ("UK",), ()),
    "analyst": (Role.ANALYST, ("IN",), ()),
    "seller": (Role.SALESPERSON, ("IN",), ("MUM01",)),
}
FEW = 5
"""Examples of an operation for each person."""
HIDDEN = {"manager-of-store": ("Meera Das",), "clerk-abroad": ("MUM01", "DEL01", "Asha Rao"), "analyst": ("Asha Rao",)}
"""Person → texts of sales that they may not see."""
STATEFUL = settings(
    max_examples=40, stateful_step_count=8, database=None, derandomize=True, deadline=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[App, Flask]]:
    yield from served_company()


@pytest.fixture(scope="module")
def tokens(served: tuple[App, Flask]) -> dict[str, str]:
    """Person → a token with all rights that it can have; `ada` is an administrator."""
    app, shown = served[0], {"ada": _token(served[0], "ada", Role.ADMIN)}
    for login, (role, regions, stores) in PEOPLE.items():
        salesperson = "S1" if role is Role.SALESPERSON else None
        accounts.add_account(app.ports, login, login, role, regions=regions, stores=stores, salesperson=salesperson)
        shown[login] = _token(app, login, role)
    return shown


def _token(app: App, login: str, role: Role) -> str:
    rights = [name for name, action in personal_tokens.TOKEN_RIGHTS.items() if action in PERMISSIONS[role]]
    return personal_tokens.issue_personal_token(app.ports, login, "fuzz", rights, by=login)[1]


def strict(part: Any) -> Any:
    """A schema of an answer in which no object has properties that it does not name."""
    if isinstance(part, list):
        return [strict(one) for one in part]
    if not isinstance(part, dict):
        return part
    changed = {name: strict(one) for name, one in part.items()}
    if isinstance(part.get("properties"), dict) and "$ref" not in part and "allOf" not in part:
        changed.setdefault("additionalProperties", False)
    return changed


@pytest.fixture(scope="module")
def api(served: tuple[App, Flask], tokens: dict[str, str]) -> Any:
    """The operations of the document whose answers are strict."""

    def tightened(document: dict[str, Any]) -> dict[str, Any]:
        schemas = document["components"]["schemas"]
        return document | {"components": document["components"] | {"schemas": strict(schemas)}}

    return operations_of(served, tokens["ada"], tightened)


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_no_answer_has_a_column_that_the_document_lacks(api: Any, tokens: dict[str, str], name: str) -> None:
    _, operations, till = api
    fuzz((operations, tokens["ada"], till), name, SHORT)


@pytest.mark.long
@pytest.mark.parametrize(("name", "login"), in_turns(2, NAMES, list(PEOPLE)))
def test_no_call_of_a_scoped_token_breaks_the_api_or_shows_what_is_hidden(
    api: Any, tokens: dict[str, str], name: str, login: str
) -> None:
    _, operations, till = api

    def check(answer: Any) -> None:
        sent = f"{answer.request.url} {answer.request.body}"
        shown = [one for one in HIDDEN.get(login, ()) if one in answer.text and one not in sent]
        assert not shown, (answer.request.url, shown)

    fuzz((operations, tokens[login], till), name, FEW, check)


@pytest.mark.long
@pytest.mark.parametrize("login", ["ada", "manager-of-store"])
def test_calls_that_follow_from_answers_keep_to_the_document(api: Any, tokens: dict[str, str], login: str) -> None:
    schema, _, _ = api

    class Calls(schema.as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, _case: Any) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {tokens[login]}", "Accept-Encoding": "identity"}}

        def validate_response(self, response: Any, case: Any, **_: Any) -> None:
            headers = {"Authorization": f"Bearer {tokens[login]}"}
            case.validate_response(response, headers=headers, excluded_checks=NOT_IN_A_SERIES)

    run_state_machine_as_test(Calls, settings=STATEFUL)


NOT_IN_A_SERIES = [*OURS, schemathesis.checks.CHECKS.get_one("negative_data_rejection")]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_a_method_that_the_document_does_not_have_is_refused_as_such(
    served: tuple[App, Flask], tokens: dict[str, str], method: str
) -> None:
    """To those who are not signed in too: it is the request that is wrong."""
    client, headers = served[1].test_client(), {"Authorization": f"Bearer {tokens['ada']}"}
    document = client.get("/api/v1/openapi.json", headers=headers).get_json()
    wrong = []
    for path, operations in document["paths"].items():
        if method.lower() not in operations and not (method == "GET" and "head" in operations):
            address = path.replace("{", "").replace("}", "")
            for shown in (headers, {}):
                answer = client.open(address, method=method, headers=shown)
                declared = {one.upper() for one in operations if one in {"get", "post", "put", "patch", "delete"}}
                allowed = set(answer.headers.get("Allow", "").replace(" ", "").split(","))
                if answer.status_code != 405 or not declared <= allowed:
                    wrong.append((method, path, answer.status_code, allowed))
    assert wrong == []
