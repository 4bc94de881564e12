"""The OpenAPI document: it names every route for programs, its examples are real, and answers keep to it."""

from flask import Flask
from jsonschema import Draft202012Validator
from markupsafe import escape
from visitor import People, Visitor

from docs.generate import api_examples
from portal.api.openapi import EXAMPLES, build_document, recorded_examples
from portal.api.operations import OPERATIONS
from portal.urls import published_name
from tillstream.model.permissions import Role

UNTOLD = {"api.openapi", "api.docs_page", "api.reference", "api.sync"}
"""Also the calls between two Tillstreams, which docs/sync-protocol.md describes."""


def test_every_route_for_programs_is_in_the_document(portal: Flask) -> None:
    ours = {
        rule.endpoint for rule in portal.url_map.iter_rules()
        if rule.rule.startswith("/api/") or rule.rule.startswith("/healthz")
    }  # fmt: skip
    assert sorted(ours - set(OPERATIONS) - UNTOLD) == []
    assert sorted(set(OPERATIONS) - ours) == []


def test_every_call_has_a_real_example() -> None:
    """A call, or a query, that was changed: run `make docs`."""
    assert api_examples.page() == EXAMPLES.read_text(encoding="utf-8")
    calls = recorded_examples()["calls"]
    assert set(calls) == {published_name(endpoint) for endpoint in OPERATIONS}
    for endpoint, operation in OPERATIONS.items():
        assert calls[published_name(endpoint)]["status"] in operation.answers, endpoint


def test_every_example_keeps_to_its_schema(portal: Flask) -> None:
    api = build_document(portal)
    for methods in api["paths"].values():
        for one in methods.values():
            for status, answer in one["responses"].items():
                for media in answer.get("content", {}).values():
                    if "example" in media:
                        schema = media["schema"] | {"components": api["components"]}
                        errors = [error.message for error in Draft202012Validator(schema).iter_errors(media["example"])]
                        assert errors == [], (one["operationId"], status)


def test_every_operation_is_described(portal: Flask) -> None:
    for path, methods in build_document(portal)["paths"].items():
        for method, one in methods.items():
            assert one["summary"], (path, method)
            assert all(parameter["description"] for parameter in one["parameters"]), (path, method)
            named = {parameter["name"] for parameter in one["parameters"] if parameter["in"] == "path"}
            assert named == {part.strip("{}") for part in path.split("/") if part.startswith("{")}


def test_the_document_requires_a_signed_in_user(person: People, anonymous: Visitor) -> None:
    api = person(Role.ANALYST).get("/api/openapi.json").get_json()
    assert api["openapi"] == "3.1.0"
    assert anonymous.get("/api/openapi.json").status_code == 401
    assert anonymous.get("/api/docs").headers["Location"].startswith("/sign-in")


def test_the_page_shows_every_call_with_its_example(person: People) -> None:
    page = person(Role.CLERK, "IN").get("/api/docs/reference").text
    for one in OPERATIONS.values():
        assert str(escape(one.summary)) in page
    assert page.count("Authorization: Bearer $TOKEN") == len(OPERATIONS)
