"""portal/api/examples.json: calls of the API that are really made, and what the portal of a small company answers."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from flask import Flask
from flask.testing import FlaskClient

from docs.generate import api_problems
from docs.generate.api_calls import NOW, call_of, company, store_token
from portal.api.operations import OPERATIONS
from portal.api.queries import LISTS, RESTRICTED
from portal.urls import published_name
from tillstream.analytics import queries
from tillstream.app import App
from tillstream.model.people import UNRESTRICTED
from tillstream.people import personal_tokens
from tillstream.people.personal_tokens import TOKEN_RIGHTS
from tillstream.stock import published_levels

KINDS = (
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_integer, "int64"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_boolean, "bool"),
    (pa.types.is_floating, "double"),
)


def page() -> str:
    with company() as (app, flask, batch):
        examples = {"columns": columns(app), "calls": dict(calls(app, flask, batch))}
        examples["problems"] = api_problems.problems(app, flask, batch)
    return json.dumps(examples, indent=1, ensure_ascii=False) + "\n"


def columns(app: App) -> dict[str, dict[str, str]]:
    """list → the columns of its query with their kinds."""
    of_lists = {"kpis": "kpis"} | {name: name for name in (*LISTS, *RESTRICTED)}
    of_lists |= {
        "sale-lines": "lines-after",
        "changes": "settlements",
        published_levels.NOW_QUERY: published_levels.NOW_QUERY,
        "restock-lines": "restock-lines",
    }
    kinds = {
        name: _kinds(queries.run_query(app.ports.warehouse, query, UNRESTRICTED).schema)
        for name, query in of_lists.items()
    }
    return kinds | {
        published_levels.NOW_QUERY: kinds[published_levels.NOW_QUERY] | {published_levels.ON_ORDER: "decimal"}
    }


def _kinds(schema: pa.Schema) -> dict[str, str]:
    return {field.name: next((kind for matches, kind in KINDS if matches(field.type)), "string") for field in schema}


def calls(app: App, flask: Flask, batch: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """published name → the call that is its example, with status and answer."""
    token = personal_tokens.issue_personal_token(app.ports, "ada", "examples", TOKEN_RIGHTS, by="ada")[1]
    client, place = flask.test_client(), ""
    for endpoint in OPERATIONS:
        method, path, body, headers = call_of(endpoint, batch, place)
        shown = store_token(app) if OPERATIONS[endpoint].right == "store" else token
        answer = _request(client, method, path, body, headers, shown)
        place = answer.headers.get("Location", place)
        call: dict[str, Any] = {"method": method, "path": path, "headers": headers}
        if isinstance(body, dict):
            call["body"] = body
        call |= {"status": answer.status_code}
        if answer.data:
            call["answer"] = answer.get_json()
        yield published_name(endpoint), _same_each_time(call, place)


def _request(client: FlaskClient, method: str, path: str, body: Any, headers: dict[str, str], token: str) -> Any:
    sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {"data": body}
    return client.open(path, method=method, headers=headers | {"Authorization": f"Bearer {token}"}, **sent)


def _same_each_time(call: dict[str, Any], place: str) -> dict[str, Any]:
    """The instants of settlements are the machine's, and a file's place is made by chance."""
    text = json.dumps(call)
    if place:
        text = text.replace(place.rpartition("/")[2], "0" * 32)
    now = datetime.now(UTC)
    text = re.sub(rf'"{now:%Y}-[0-9T:.+-]+\+00:00"', lambda match: _instant(match[0]), text)
    stable: dict[str, Any] = json.loads(text)
    return stable


def _instant(quoted: str) -> str:
    is_recent = abs(datetime.fromisoformat(quoted.strip('"')) - NOW).days < 1
    return quoted if is_recent else f'"{NOW.isoformat()}"'
