"""The OpenAPI document, and the pages of the API reference."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from shlex import quote
from typing import Any

import flask_swagger_ui
from flask import Flask, Response, current_app, jsonify, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.routing import Rule

from portal import static_files
from portal.access import Open, allow
from portal.api import schemas, texts
from portal.api.operations import OPERATIONS, SCHEMAS
from portal.api.operations.operation import FILTERS, Operation
from portal.api.operations.uploads import TUS
from portal.api.representations import ARROW, CSV, JSON
from portal.api.request_rules import UNLIMITED
from portal.api.schemas import Schema
from portal.context import tillstream
from portal.urls import API_ALIAS, API_ROOT, published_name
from tillstream import __version__
from tillstream.model.errors import NotFound

ERRORS = {
    400: "A filter value occurs in none of your sales, or the request cannot be read",
    401: "Not signed in, or the token is not valid",
    403: "Not allowed for your role or with the rights of the token",
    404: "Not found, or not accessible to you",
    409: "The part has the wrong offset, or new data changed the list since its first page",
    412: "Unsupported version of the protocol",
    413: "Too large",
    415: "Wrong content type",
    422: "The request can never succeed in this form; for the reason, see `detail`",
    429: "Too many requests; see Retry-After",
    460: "The checksum of the part does not match",
    503: "Temporarily unavailable; see Retry-After",
}
"""status → description."""

_RAISES: dict[int, Callable[[Schema], bool]] = {
    400: lambda parameter: parameter is FILTERS[-1],
    404: lambda parameter: parameter["in"] == "path",
    412: lambda parameter: parameter is TUS,
    422: lambda parameter: parameter["in"] == "query" or parameter["name"].startswith("Upload-"),
}
"""status → whether a parameter can cause it."""

EXAMPLES = Path(__file__).with_name("examples.json")
INFO = """The figures of the portal for programs. Responses contain only data within the caller's role, regions and
stores. A program authenticates with a personal token, which you create in the portal in the menu under your name.
Decimals are JSON strings, or numbers with `numbers=number`; counts are numbers, times are UTC. Lists of figures and
lines are also available as CSV and as an Arrow stream, by the header `Accept`. Reads have an ETag. Lists accept `limit`
and `cursor` and link to their next page. Every error is problem JSON (RFC 9457), whose `type` is the address of its
explanation. Requests are limited per token: see `X-RateLimit-Remaining`. The paths without `v1` are aliases."""
FILE_SCHEMAS = {CSV: {"type": "string"}, ARROW: {"type": "string", "format": "binary"}}
"""Other media types of tables."""
SECURITY: dict[str, list[dict[str, list[str]]]] = {"store": [{"store": []}], "": []}
PERSON: list[dict[str, list[str]]] = [{"token": []}, {"session": []}]
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A personal token: `Authorization: Bearer tsp_…`"},
    "session": {"type": "apiKey", "in": "cookie", "name": "tillstream",
                "description": "Session of a user; requests that change something also need X-CSRFToken"},
    "store": {"type": "http", "scheme": "bearer", "description": "A store's token: `Authorization: Bearer till_…`"},
}  # fmt: skip

SWAGGER_FOLDER = Path(flask_swagger_ui.__file__).parent / "dist"
SWAGGER_FILES = ("swagger-ui.css", "swagger-ui-bundle.js")
EXTENSION = "tillstream.openapi"


def errors_of(endpoint: str, one: Operation) -> list[int]:
    """Error statuses of an operation; a status that the operation describes itself is included."""
    errors = {503, *one.errors}
    if one.right:
        errors |= {401, 413, 422} if one.right == "store" and one.body else {401}
        errors |= {403} if one.right != "store" else set()
    if one.right and endpoint.startswith("api.") and endpoint not in UNLIMITED:
        errors.add(429)
    errors |= {status for status, raises in _RAISES.items() if any(raises(parameter) for parameter in one.parameters)}
    return sorted(errors)


def api_rules(app: Flask) -> list[Rule]:
    """Routes of the API, by address, without the aliases of version 1."""
    api_rules = (
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint in OPERATIONS and (rule.rule.startswith(API_ROOT) or not rule.rule.startswith(API_ALIAS))
    )
    return sorted(api_rules, key=lambda rule: (rule.rule, rule.endpoint))


def build_document(app: Flask) -> Schema:
    recorded = recorded_examples()
    paths: dict[str, Schema] = {}
    for rule in api_rules(app):
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
def recorded_examples() -> Schema:
    """Recorded calls and responses by published name, and the columns of each query."""
    recorded: Schema = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    return recorded


def _of_queries(recorded: Schema) -> Schema:
    columns = recorded["columns"]
    lists = {_named(f"list of {name}"): schemas.listed(row) for name, row in columns.items() if name != "kpis"}
    return lists | {_named("row of kpis"): schemas.one_row(columns["kpis"])}


def lifted(components: Schema) -> Schema:
    """Schemas whose `$defs` became components of their own, `OUTER.INNER`: a `$ref` starts at the whole document."""
    lifted_components: Schema = {}
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


def _operation(endpoint: str, one: Operation, recorded: Schema) -> Schema:
    name = published_name(endpoint)
    example = recorded["calls"].get(name, {})
    operation: Schema = {
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


def _answer(one: Operation, status: int, example: Schema) -> Schema:
    description, schema = one.answers[status]
    response: Schema = {"description": description}
    if one.headers:
        response["headers"] = {
            name: {"description": words, "schema": {"type": "string"}} for name, words in one.headers.items()
        }
    if schema is not None:
        shape = schema if isinstance(schema, dict) else {"$ref": f"#/components/schemas/{_named(schema)}"}
        shown = {"example": example["answer"]} if example.get("status") == status else {}
        response["content"] = {JSON: {"schema": shape} | shown}
        if one.tabular:
            response["content"] |= {media: {"schema": schema} for media, schema in FILE_SCHEMAS.items()}
    return response


def _problem(description: str, example: Schema) -> Schema:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema, "example": example}},
    }


@allow(Open.EVERYBODY)
def swagger_file(filename: str) -> Response:
    """One of `SWAGGER_FILES`. Raises `NotFound` for other names."""
    if filename not in SWAGGER_FILES:
        raise NotFound(f"There is no file {filename}.")
    return static_files.respond(SWAGGER_FOLDER / filename)


def _swagger_address(filename: str) -> str:
    return url_for("swagger_ui", filename=filename, v=static_files.version(SWAGGER_FOLDER / filename))


def register_swagger_ui(app: Flask) -> None:
    app.add_url_rule("/assets/swagger-ui/<filename>", "swagger_ui", swagger_file)
    app.add_template_global(_swagger_address, "swagger_ui")


def openapi_document() -> Schema:
    """OpenAPI document of this portal, built once."""
    if EXTENSION not in current_app.extensions:
        current_app.extensions[EXTENSION] = build_document(current_app)
    cached: Schema = current_app.extensions[EXTENSION]
    return cached


@allow(Open.SIGNED_IN)
def openapi_json() -> ResponseReturnValue:
    """The OpenAPI 3.1 document of this API."""
    response = jsonify(openapi_document())
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


@allow(Open.SIGNED_IN)
def show_docs_page() -> ResponseReturnValue:
    """The API documentation as a page on which one can try every call."""
    return render_template("api/try_out.html")


@allow(Open.SIGNED_IN)
def show_reference() -> ResponseReturnValue:
    """The API documentation as a page without scripts."""
    groups: dict[str, list[Schema]] = {tag["name"]: [] for tag in openapi_document()["tags"]}
    for path, methods in openapi_document()["paths"].items():
        for method, one in methods.items():
            endpoint = one["operationId"] if "." in one["operationId"] else f"api.{one['operationId']}"
            call = recorded_examples()["calls"].get(endpoint)
            groups[one["tags"][0]].append(one | {"method": method.upper(), "path": path, "call": call and _shown(call)})
    return render_template("api/reference.html", groups=groups, says=INFO, errors=ERRORS, kind=_kind)


def _shown(call: Schema) -> Schema:
    """An example call as a curl command, and its response as text."""
    words = ["curl -s"] + ([f"-X {call['method']}"] if call["method"] != "GET" else [])
    words.append(quote(tillstream().settings.address + call["path"]))
    headers = {"Authorization": "Bearer $TOKEN"} | call["headers"]
    words += [f'-H "{name}: {value}"' for name, value in headers.items()]
    if "body" in call:
        words.append(f"--json {quote(json.dumps(call['body'], ensure_ascii=False))}")
    answer = json.dumps(call["answer"], indent=2, ensure_ascii=False) if "answer" in call else ""
    return {"line": " \\\n  ".join(words), "status": call["status"], "answer": answer}


def _kind(schema: Schema) -> str:
    """Short description of the type of a parameter."""
    match schema:
        case {"type": "array", "items": items}:
            words = texts.repeatable(_kind(items))
        case {"anyOf": [first, *_]}:
            words = _kind(first)
        case {"enum": several}:
            words = ", ".join(str(one) for one in several if one) if len(several) <= 8 else texts.ONE_OF_LIST
        case {"const": one}:
            words = str(one)
        case {"format": "date"}:
            words = texts.DAY
        case _:
            words = texts.NUMBER if schema.get("type") == "integer" else texts.TEXT
    return words
