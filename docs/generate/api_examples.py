"""portal/api/examples.json: calls of the API that are really made, and what the portal of a small company answers."""

import json
import re
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from flask import Flask
from flask.testing import FlaskClient

from portal import create_app
from portal.api.operations import OPERATIONS
from portal.api.queries import LISTS
from portal.published_names import published
from tillstream.adapters.local.clock import ManualClock
from tillstream.analytics import queries
from tillstream.app import App, build
from tillstream.domain.people import UNRESTRICTED, Role
from tillstream.domain.store_sale import schema as sale_schema
from tillstream.people import accounts, personal_tokens, store_tokens
from tillstream.people.personal_tokens import RIGHTS
from tillstream.server.worker import Worker
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads

NOW = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
FILE = """\
Invoice No,Line,Invoice Date,Store,Salesperson,Customer Code,Customer Name,Item Code,Item,Category,Channel,Status,Qty,Rate,Discount,Taxable Value,GST,Invoice Value,Original Invoice
1001,1,28-05-2026 10:15,MUM01,S1,C1,Asha Rao,P1,Kettle,Kitchen,store,Completed,2,900.00,0.00,1800.00,324.00,2124.00,
1002,1,03-06-2026 11:40,MUM01,S2,C2,Ravi Iyer,P2,Desk lamp,Home,store,Completed,1,1250.00,0.00,1250.00,225.00,1475.00,
1002,2,03-06-2026 11:40,MUM01,S2,C2,Ravi Iyer,P1,Kettle,Kitchen,store,Completed,1,900.00,50.00,850.00,153.00,1003.00,
1003,1,04-06-2026 18:05,DEL01,S7,C3,Meera Das,P3,Tea set,Kitchen,online,Completed,1,2100.00,0.00,2100.00,378.00,2478.00,
"""  # noqa: E501
PIECE = b"Invoice No,Line\n"
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
    return json.dumps(examples, indent=1, ensure_ascii=False) + "\n"


@contextmanager
def company() -> Iterator[tuple[App, Flask, str]]:
    """A portal with one file of four lines, and its batch."""
    with tempfile.TemporaryDirectory() as home:
        app = build(Settings(home=Path(home), samples=False, threads=1), ManualClock(NOW))
        try:
            accounts.add(app.ports, "ada", "Ada", Role.ADMIN)
            batch = _prepared(app)
            yield app, create_app(app), batch
        finally:
            app.close()


def _prepared(app: App) -> str:
    from io import BytesIO

    upload = uploads.receive(app.ports, app.contracts.pin("IN"), "june.csv", BytesIO(FILE.encode()), "ada")
    Worker(app).run_until_idle()
    return upload.batch_id


def columns(app: App) -> dict[str, dict[str, str]]:
    """list → the columns of its query with their kinds."""
    of_lists = (
        {"kpis": "kpis"} | {name: name for name in LISTS} | {"sale-lines": "lines-after", "changes": "settlements"}
    )
    return {
        name: _kinds(queries.run(app.ports.warehouse, query, UNRESTRICTED).schema) for name, query in of_lists.items()
    }


def _kinds(schema: pa.Schema) -> dict[str, str]:
    return {field.name: next((kind for matches, kind in KINDS if matches(field.type)), "string") for field in schema}


def calls(app: App, flask: Flask, batch: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """published name → the call that is its example, with status and answer."""
    token = personal_tokens.issue(app.ports, "ada", "examples", RIGHTS, by="ada")[1]
    client, place = flask.test_client(), ""
    for endpoint in OPERATIONS:
        method, path, body, headers = _call(endpoint, batch, place)
        shown = _store_token(app) if endpoint == "api.sales" else token
        answer = _request(client, method, path, body, headers, shown)
        place = answer.headers.get("Location", place)
        call: dict[str, Any] = {"method": method, "path": path, "headers": headers}
        if isinstance(body, dict):
            call["body"] = body
        call |= {"status": answer.status_code}
        if answer.data:
            call["answer"] = answer.get_json()
        yield published(endpoint), _same_each_time(call, place)


def _request(client: FlaskClient, method: str, path: str, body: Any, headers: dict[str, str], token: str) -> Any:
    sent: dict[str, Any] = {"json": body} if isinstance(body, dict) else {"data": body}
    return client.open(path, method=method, headers=headers | {"Authorization": f"Bearer {token}"}, **sent)


def _store_token(app: App) -> str:
    sale = sale_schema()["examples"][0]
    return store_tokens.issue(app.ports, sale["region"], sale["store_id"], "front", "ada")[1]


def _call(endpoint: str, batch: str, place: str) -> tuple[str, str, Any, dict[str, str]]:
    tus = {"Tus-Resumable": "1.0.0"}
    names = b",".join(
        name + b" " + b64encode(value) for name, value in ((b"filename", b"july.csv"), (b"contract", b"IN"))
    )
    special: dict[str, tuple[str, str, Any, dict[str, str]]] = {
        "api.kpis": ("GET", "/api/v1/kpis?from=2026-06-01&to=2026-06-30", None, {}),
        "api.sales-over-time": ("GET", "/api/v1/sales-over-time?period=monthly", None, {}),
        "api.top-customers": ("GET", "/api/v1/top-customers?limit=2", None, {}),
        "api.sale-lines": ("GET", "/api/v1/sale-lines?limit=1&from=2026-06-01", None, {}),
        "metric_explanation.told": ("GET", "/api/v1/why/revenue", None, {}),
        "api.data_refresh": ("POST", "/api/v1/data-refresh", None, {}),
        "api.uploads": ("GET", "/api/v1/uploads?limit=1&state=announced", None, {}),
        "api.upload": ("GET", f"/api/v1/uploads/{batch}", None, {}),
        "api.receipt": ("GET", f"/api/v1/uploads/{batch}/receipt", None, {}),
        "api.begin_sending": ("POST", "/api/v1/uploads", None,
                              tus | {"Upload-Length": "1000000", "Upload-Metadata": names.decode()}),
        "api.sending": ("GET", place, None, tus),
        "api.send_piece": ("PATCH", place, PIECE,
                           tus | {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}),
        "api.cancel_sending": ("DELETE", place, None, tus),
        "api.sales": ("POST", "/api/v1/sales", sale_schema()["examples"][0], {}),
        "api.healthz": ("GET", "/healthz", None, {}),
        "health.ready": ("GET", "/healthz/ready", None, {}),
    }  # fmt: skip
    return special.get(endpoint, ("GET", f"/api/v1/{endpoint.removeprefix('api.')}", None, {}))


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
