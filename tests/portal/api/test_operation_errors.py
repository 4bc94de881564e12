"""Each operation has the errors that the document lists, each in its own form; problem types have addresses."""

from collections.abc import Iterator

import pytest
from flask import Flask
from openapi_spec_validator import OpenAPIV31SpecValidator
from visitor import Visitor

from docs.generate.api_calls import company
from docs.generate.api_problems import LATER, Caller, with_rate, without_documents
from portal import errors
from portal.api.openapi import ERRORS, build_document, errors_of, recorded_examples
from portal.api.operations import OPERATIONS
from portal.operations.health import RATE as RATE_OF_READY
from portal.problem_reference import EXPLANATIONS
from tillstream.app import App
from tillstream.model.problems import CATALOGUE

SEVERAL = (errors.NO_TOKEN, errors.BAD_TOKEN, errors.FAULT)
CODES = {entry.code for entry in (*errors.TABLE.values(), *errors.BY_STATUS.values(), *SEVERAL)}


@pytest.fixture
def caller() -> Iterator[tuple[App, Flask, Caller]]:
    with company() as (app, flask, batch):
        place = Caller(app, batch, "").right_call("api.begin_sending").send(flask).headers["Location"]
        yield app, flask, Caller(app, batch, place)


def test_the_document_is_openapi_3_1(portal: Flask) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(build_document(portal)).iter_errors()] == []


def test_every_listed_error_of_an_operation_can_happen(caller: tuple[App, Flask, Caller]) -> None:
    _, flask, calls = caller
    wrong = []
    for endpoint, status, call in calls.errors():
        answer = call.send(flask)
        if (answer.status_code, answer.mimetype) != (status, "application/problem+json"):
            wrong.append(f"{endpoint} {call.path}: {answer.status_code}, not {status}")
    assert wrong == []


def test_exactly_the_limited_operations_list_429(caller: tuple[App, Flask, Caller]) -> None:
    app, flask, calls = caller
    with_rate(app, flask, "1 per minute")
    accepted = {"health.ready": int(RATE_OF_READY.partition(" ")[0])}
    for endpoint, one in OPERATIONS.items():
        tries = accepted.get(endpoint, 1) + 1
        statuses = [calls.right_call(endpoint).send(flask).status_code for _ in range(tries)]
        assert 429 not in statuses[:-1], endpoint
        calls.tokens.clear()
        assert (statuses[-1] == 429) == (429 in errors_of(endpoint, one)), endpoint


def test_every_operation_is_unavailable_without_its_database(caller: tuple[App, Flask, Caller]) -> None:
    app, flask, calls = caller
    right_calls = {endpoint: calls.right_call(endpoint) for endpoint in OPERATIONS}
    without_documents(app, flask)
    for endpoint, call in right_calls.items():
        answer = call.send(flask)
        assert answer.status_code == 503, endpoint
        assert 503 in errors_of(endpoint, OPERATIONS[endpoint])


def test_every_status_has_a_real_example() -> None:
    assert {int(status) for status in recorded_examples()["problems"]} == set(ERRORS)
    for status, problem in recorded_examples()["problems"].items():
        assert problem["status"] == int(status)
    assert set(LATER) <= set(ERRORS)


def test_every_problem_type_has_a_page(anonymous: Visitor) -> None:
    assert set(EXPLANATIONS) == CODES
    assert not CODES & set(CATALOGUE)
    for code in (*CODES, *CATALOGUE):
        page = anonymous.get(f"/help/problems/{code}")
        assert (page.status_code, code in page.text) == (200, True)
    assert anonymous.get("/help/problems/nothing").status_code == 404


def test_a_problem_names_its_type_and_its_occurrence(anonymous: Visitor) -> None:
    problem = anonymous.get("/api/v1/kpis?from=2026-06-01").get_json()
    assert problem["type"] == "/help/problems/sign-in-required"
    assert problem["instance"] == "/api/v1/kpis"
    assert anonymous.get(problem["type"]).status_code == 200
