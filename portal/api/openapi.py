"""OpenAPI document, built from the routes, the table of operations, the queries and recorded examples."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule

from portal.api import schemas
from portal.api.operation_errors import ERRORS, errors_of
from portal.api.operations import OPERATIONS, SCHEMAS
from portal.api.operations.operation import Operation
from portal.api.paths import ALIAS, ROOT
from portal.api.representations import ARROW, CSV, JSON
from portal.published_names import published
from tillstream import __version__

EXAMPLES = Path(__file__).with_name("examples.json")
INFO = """The figures of the portal for programs. Responses contain only data within the caller's role, regions and
stores. A program authenticates with a personal token, which you create in the portal in the menu under your name.
Decimals are JSON strings, or numbers with `numbers=number`; counts are numbers, times are UTC. Lists of figures and
lines are also available as CSV and as an Arrow stream, by the header `Accept`. Reads have an ETag. Lists accept `limit`
and `cursor` and link to their next page. Every error is problem JSON (RFC 9457), whose `type` is the address of its
explanation. Requests are limited per token: see `X-RateLimit-Remaining`. The paths without `v1` are aliases."""
FILES = {CSV: {"type": "string"}, ARROW: {"type": "string", "format": "binary"}}
"""Other media types of tables."""
SECURITY: dict[str, list[dict[str, list[str]]]] = {"store": [{"store": []}], "": []}
PERSON: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A personal token: `Authorization: Bearer tsp_…`"},
    "session": {"type": "apiKey", "in": "cookie", "name": "tillstream",
                "description": "Session of a user; requests that change something also need X-CSRFToken"},
    "store": {"type": "http", "scheme": "bearer", "description": "A store's token: `Authorization: Bearer till_…`"},
}  # fmt: skip


def rules(app: Flask) -> list[Rule]:
    """Routes of the API, by address, without the aliases of version 1."""
    api_rules = (
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint in OPERATIONS and (rule.rule.startswith(ROOT) or not rule.rule.startswith(ALIAS))
    )
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
            "schemas": lifted(SCHEMAS | _of_queries(recorded)),
            "responses": {
                str(status): _problem(description, recorded["problems"][str(status)])
                for status, description in ERRORS.items()
            },
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


def lifted(components: dict[str, Any]) -> dict[str, Any]:
    """Schemas whose `$defs` became components of their own, `OUTER.INNER`: a `$ref` starts at the whole document."""
    lifted_components: dict[str, Any] = {}
    for name, schema in components.items():
        inner = schema.get("$defs", {})
        parts = {name: {key: value for key, value in schema.items() if key != "$defs"}}
        parts |= {f"{name}.{key}": value for key, value in inner.items()}
        lifted_components |= {key: _referring(value, name) for key, value in parts.items()}
    return lifted_components


def _referring(part: Any, outer: str) -> Any:
    """A part of the schema `outer` whose references to its `$defs` refer to the components."""
    if isinstance(part, dict):
        return {key: _referring(value, outer) for key, value in part.items()}
    if isinstance(part, list):
        return [_referring(one, outer) for one in part]
    if isinstance(part, str) and part.startswith("#/$defs/"):
        return f"#/components/schemas/{outer}.{part.removeprefix('#/$defs/')}"
    return part


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
        "responses": {str(status): {"$ref": f"#/components/responses/{status}"} for status in errors_of(endpoint, one)}
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
        response["content"] = {JSON: {"schema": shape} | shown}
        if one.tabular:
            response["content"] |= {media: {"schema": schema} for media, schema in FILES.items()}
    return response


def _problem(description: str, example: dict[str, Any]) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }
