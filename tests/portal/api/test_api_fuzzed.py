"""Schemathesis against the whole OpenAPI document: nothing that is asked breaks the API, and answers keep to it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from jsonschema import Draft202012Validator, FormatChecker
from schemathesis import GenerationMode
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from turns import in_turns

from docs.generate.api_calls import company
from portal.api.operations import OPERATIONS
from portal.api.uploads import PIECE
from portal.urls import published_name
from tillstream.app import App
from tillstream.model.messages import store_sale_schema as sale_schema
from tillstream.people import personal_tokens, store_credentials

OURS = [positive_data_acceptance]
"""Left out: whether a region or a contract is known depends on who asks and on what was sold, not on the form."""
REFUSED = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422", "429", "460", "5xx"]
NAMES = sorted(published_name(name).removeprefix("api.") for name in OPERATIONS)
SHORT, LONG = 6, 150


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[App, Flask]]:
    yield from served_company()


def served_company() -> Iterator[tuple[App, Flask]]:
    """A company whose API has no limit of calls."""
    with company() as (app, flask, _):
        unlimited = app.settings.model_copy(update={"api_rate": "1000000 per minute"})
        flask.extensions["tillstream"] = type(app)(**(vars(app) | {"settings": unlimited}))
        yield app, flask


@pytest.fixture(scope="module")
def api(served: tuple[App, Flask]) -> Any:
    token = personal_tokens.issue_personal_token(
        served[0].ports, "ada", "fuzz", personal_tokens.TOKEN_RIGHTS, by="ada"
    )[1]
    _, operations, till = operations_of(served, token)
    return operations, token, till


def operations_of(
    served: tuple[App, Flask], token: str, changed: Callable[[dict[str, Any]], dict[str, Any]] = dict
) -> tuple[Any, dict[str, Any], str]:
    """The schema, its operations by name, and a token of a till. changed: makes another document of that of the API."""
    app, flask = served
    load_all_checks()
    schemathesis.serializer.alias(PIECE, "application/octet-stream")
    document = flask.test_client().get("/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"}).get_json()
    schema = schemathesis.openapi.from_dict(changed(document))
    schema.app = flask
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    sale = sale_schema()["examples"][0]
    till = store_credentials.issue_store_token(app.ports, sale["region"], sale["store_id"], "front", "ada")[1]
    operations = {one.ok().definition.raw["operationId"]: one.ok() for one in schema.get_all_operations()}
    return schema, operations, till


def test_every_value_that_a_parameter_suggests_is_answered_as_declared(served: tuple[App, Flask], api: Any) -> None:
    """A value can lead to another query, with other columns; made-up values rarely do."""
    client, shown = served[1].test_client(), {"Authorization": f"Bearer {api[1]}"}
    document = client.get("/api/v1/openapi.json", headers=shown).get_json()
    met, undeclared = 0, []
    for path, methods in document["paths"].items():
        one = methods.get("get", {"parameters": []})
        for name, value in ((each["name"], value) for each in one["parameters"] for value in _suggested(each)):
            answer = client.get(path, query_string={name: value}, headers=shown)
            if answer.status_code == 200 and answer.mimetype == "application/json":
                schema = one["responses"]["200"]["content"]["application/json"]["schema"]
                errors = Draft202012Validator(schema | {"components": document["components"]}).iter_errors(answer.json)
                undeclared += [f"{path}?{name}={value}: {error.message[:200]}" for error in errors]
                met += 1
    assert undeclared == []
    assert met > 100


def _suggested(parameter: dict[str, Any]) -> list[Any]:
    schema = parameter["schema"]
    if parameter["in"] != "query":
        return []
    return [*schema.get("enum", ()), *([parameter["example"]] if "example" in parameter else [])]


def _only_its_query_was_wrong(case: Any) -> bool:
    """Of what the call sends: its `Authorization` is ours, whatever was made up for it."""
    wrong = {place.value for place, part in case.meta.components.items() if part.mode is GenerationMode.NEGATIVE}
    return wrong <= {"query", "header"} and set(case.headers or {}) <= {"Authorization"}


def _right_as_sent(case: Any, answer: Any) -> bool:
    """Whether the query keeps to the document once sent, where nothing is a number: `?product=5` lists one text."""
    sent = parse_qs(urlsplit(answer.request.url).query, keep_blank_values=True)
    arguments = {
        one["name"]: one["schema"]
        for one in case.operation.definition.raw.get("parameters", ())
        if one["in"] == "query"
    }

    def keeps(name: str, values: list[str]) -> bool:
        schema = arguments.get(name, False)
        lists = schema and schema.get("type") == "array"
        whole = schema and schema.get("type") == "integer" and values[0].isdecimal()
        value = values if lists else int(values[0]) if whole else values[0]
        return Draft202012Validator(schema, format_checker=FormatChecker()).is_valid(value) and (
            lists or len(values) == 1
        )

    return all(keeps(name, values) for name, values in sent.items())


def fuzz(api: Any, name: str, examples: int, also: Callable[[Any], None] = lambda _: None) -> None:
    """Call an operation with what fits and what does not. also: a check of each answer."""
    operations, token, till = api
    shown = {"Authorization": f"Bearer {till if name == 'sales' else token}", "Accept-Encoding": "identity"}
    for mode in GenerationMode:
        try:
            cases = operations[name].as_strategy(generation_mode=mode)
        except schemathesis.errors.InvalidSchema:
            continue

        @settings(max_examples=examples, database=None, derandomize=True,
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        @given(case=cases)
        def check(case: Any) -> None:
            answer = case.call(headers=shown)
            fine = [negative_data_rejection] if _only_its_query_was_wrong(case) and _right_as_sent(case, answer) else []
            case.validate_response(answer, headers=shown, excluded_checks=OURS + fine)
            also(answer)

        with suppress(Unsatisfiable):  # nothing can be wrong about a call without parameters
            check()


@pytest.mark.parametrize("name", NAMES)
def test_no_call_breaks_the_api_or_the_document(api: Any, name: str) -> None:
    fuzz(api, name, SHORT)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for (name,) in in_turns(3, NAMES)])
def test_no_call_of_very_many_breaks_the_api_or_the_document(api: Any, name: str) -> None:
    """Of a third of the operations, of another with each commit; the others are called a few times each day."""
    fuzz(api, name, LONG)
