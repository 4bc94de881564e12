"""OpenAPI document, built from the routes, the table of operations, the queries and recorded examples."""

import json
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from portal.api import schemas
from portal.api.operations import OPERATIONS, Operation
from portal.published_names import published
from tillstream import __version__

EXAMPLES = Path(__file__).with_name("examples.json")
INFO = """The figures of the portal for programs. Responses contain only data within the caller's role, regions and
stores. A program authenticates with a personal token, which you create in the portal in the menu under your name.
Decimals are JSON strings, counts are numbers, times are UTC. Reads have an ETag. Lists accept `limit` and `offset`
and link to their next page. Every error is problem JSON (RFC 9457). Requests are limited per token: see
`X-RateLimit-Remaining`."""
SECURITY: dict[str, list[dict[str, list[str]]]] = {"store": [{"store": []}], "": []}
PERSON: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A personal token: `Authorization: Bearer tsp_…`"},
    "session": {"type": "apiKey", "in": "cookie", "name": "tillstream",
                "description": "Session of a user; requests that change something also need X-CSRFToken"},
    "store": {"type": "http", "scheme": "bearer", "description": "A store's token: `Authorization: Bearer till_…`"},
}  # fmt: skip
ERRORS = {
    400: "A filter value occurs in none of your sales, or the request cannot be read",
    401: "Not signed in, or the token is not valid",
    403: "Not allowed for your role or with the rights of the token",
    404: "Not found, or not accessible to you",
    409: "Changed by someone else, or the part has the wrong offset",
    412: "Unsupported version of the protocol",
    413: "Too large",
    415: "Wrong content type",
    422: "The request can never succeed in this form; for the reason, see `detail`",
    429: "Too many requests; see Retry-After",
    460: "The checksum of the part does not match",
    503: "Temporarily unavailable; see Retry-After",
}


def rules(app: Flask) -> list[Rule]:
    """Routes of the API, by address."""
    api_rules = (rule for rule in app.url_map.iter_rules() if rule.endpoint in OPERATIONS)
    return sorted(api_rules, key=lambda rule: (rule.rule, rule.endpoint))


def document(app: Flask) -> dict[str, Any]:
    recorded = examples()
    paths: dict[str, dict[str, Any]] = {}
    for rule in rules(app):
        (method, *_) = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        address = rule.rule.replace("<int:", "{").replace("<", "{").replace(">", "}")
        paths.setdefault(address, {})[method.lower()] = _operation(rule.endpoint, OPERATIONS[rule.endpoint], recorded)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tillstream", "version": __version__, "description": INFO},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(one.tag for one in OPERATIONS.values())],
        "paths": paths,
        "components": {
            "securitySchemes": SCHEMES,
            "schemas": schemas.SCHEMAS | _of_queries(recorded),
            "responses": {str(status): _problem(description) for status, description in ERRORS.items()},
        },
    }


@cache
def examples() -> dict[str, Any]:
    """Recorded calls and responses by published name, and the columns of each query."""
    recorded: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return recorded


def _of_queries(recorded: dict[str, Any]) -> dict[str, Any]:
    columns = recorded["columns"]
    lists = {_named(f"list of {name}"): schemas.listed(row) for name, row in columns.items() if name != "kpis"}
    return lists | {_named("row of kpis"): schemas.one_row(columns["kpis"])}


def _named(words: str) -> str:
    """Component name, without blanks."""
    return words.replace(" ", "-")


def _operation(endpoint: str, one: Operation, recorded: dict[str, Any]) -> dict[str, Any]:
    name = published(endpoint)
    example = recorded["calls"].get(name, {})
    operation: dict[str, Any] = {
        "operationId": name.removeprefix("api."),
        "tags": [one.tag],
        "summary": one.summary,
        "description": _described(one),
        "parameters": list(one.parameters),
        "responses": {str(status): {"$ref": f"#/components/responses/{status}"} for status in ERRORS}
        | {str(status): _answer(one, status, example) for status in one.answers},
        "security": SECURITY.get(one.right, PERSON),
    }
    if one.body:
        (kind, media), *_ = one.body["content"].items()
        shown = {"example": example["body"]} if "body" in example else {}
        operation["requestBody"] = one.body | {"content": {kind: media | shown}}
    return operation


def _described(one: Operation) -> str:
    needs = (
        f"With a personal token, this call requires the right `{one.right}`." if one.right not in {"", "store"} else ""
    )
    return "\n\n".join(part for part in (one.description, needs) if part)


def _answer(one: Operation, status: int, example: dict[str, Any]) -> dict[str, Any]:
    description, schema = one.answers[status]
    response: dict[str, Any] = {"description": description}
    if one.headers:
        response["headers"] = {
            name: {"description": words, "schema": {"type": "string"}} for name, words in one.headers.items()
        }
    if schema is not None:
        shape = schema if isinstance(schema, dict) else {"$ref": f"#/components/schemas/{_named(schema)}"}
        shown = {"example": example["answer"]} if example.get("status") == status else {}
        response["content"] = {"application/json": {"schema": shape} | shown}
    return response


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def status_words(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else ""
