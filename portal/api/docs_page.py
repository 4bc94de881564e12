"""API reference: the OpenAPI document as JSON, as a page to try calls on, and as a page without scripts."""

import json
from shlex import quote
from typing import Any

from flask import current_app, jsonify, render_template
from flask.typing import ResponseReturnValue

from portal.access import Open, allow
from portal.api import texts
from portal.api.openapi import INFO, document, examples
from portal.api.operation_errors import ERRORS
from portal.context import tillstream

EXTENSION = "tillstream.openapi"


def openapi_document() -> dict[str, Any]:
    """OpenAPI document of this portal, built once."""
    if EXTENSION not in current_app.extensions:
        current_app.extensions[EXTENSION] = document(current_app)
    cached: dict[str, Any] = current_app.extensions[EXTENSION]
    return cached


@allow(Open.SIGNED_IN)
def openapi() -> ResponseReturnValue:
    """The OpenAPI 3.1 document of this API."""
    response = jsonify(openapi_document())
    response.headers["Cache-Control"] = "private, max-age=300"
    return response


@allow(Open.SIGNED_IN)
def show() -> ResponseReturnValue:
    """The API documentation as a page on which one can try every call."""
    return render_template("api/try_out.html")


@allow(Open.SIGNED_IN)
def reference() -> ResponseReturnValue:
    """The API documentation as a page without scripts."""
    groups: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in openapi_document()["tags"]}
    for path, methods in openapi_document()["paths"].items():
        for method, one in methods.items():
            endpoint = one["operationId"] if "." in one["operationId"] else f"api.{one['operationId']}"
            call = examples()["calls"].get(endpoint)
            groups[one["tags"][0]].append(one | {"method": method.upper(), "path": path, "call": call and _shown(call)})
    return render_template("api/reference.html", groups=groups, says=INFO, errors=ERRORS, kind=_kind)


def _shown(call: dict[str, Any]) -> dict[str, Any]:
    """An example call as a curl command, and its response as text."""
    words = ["curl -s"] + ([f"-X {call['method']}"] if call["method"] != "GET" else [])
    words.append(quote(tillstream().settings.address + call["path"]))
    headers = {"Authorization": "Bearer $TOKEN"} | call["headers"]
    words += [f'-H "{name}: {value}"' for name, value in headers.items()]
    if "body" in call:
        words.append(f"--json {quote(json.dumps(call['body'], ensure_ascii=False))}")
    answer = json.dumps(call["answer"], indent=2, ensure_ascii=False) if "answer" in call else ""
    return {"line": " \\\n  ".join(words), "status": call["status"], "answer": answer}


def _kind(schema: dict[str, Any]) -> str:
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
