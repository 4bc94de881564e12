"""Calls of the API that fail, one for each error of each operation, and the problems that they return."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask

from docs.generate.api_calls import call_of, store_token
from portal.api import pagination
from portal.api.openapi import errors_of
from portal.api.operations import OPERATIONS
from portal.api.queries import VALUES_PATH
from portal.context import EXTENSION
from tillstream.app import App
from tillstream.model.errors import Unavailable
from tillstream.people import personal_tokens
from tillstream.people.personal_tokens import TOKEN_RIGHTS
from tillstream.stock import published_levels

TOO_LARGE = 1 << 50
LATER = (429, 503)
"""Errors that do not depend on the call."""


@dataclass(frozen=True)
class Call:
    """A request to an operation; `token` is sent unless it is empty."""

    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def send(self, flask: Flask) -> Any:
        shown = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        sent: dict[str, Any] = {"json": self.body} if isinstance(self.body, dict | list) else {"data": self.body}
        return flask.test_client().open(self.path, method=self.method, headers=self.headers | shown, **sent)


def _with_quantity(body: Any, quantity: str) -> Any:
    """Movements under the same IDs with another quantity; other bodies are returned unchanged."""
    if not isinstance(body, dict) or "movements" not in body:
        return body
    movements = [one | {"lines": [line | {"quantity": quantity} for line in one["lines"]]} for one in body["movements"]]
    return {"movements": movements}


class _Unreachable:
    """A document store that does not respond."""

    def __getattr__(self, _name: str) -> Any:
        raise Unavailable("The database does not respond.")


@dataclass(frozen=True)
class Caller:
    """Makes failing calls to a portal with the file `batch` and the unfinished upload at `place`."""

    app: App
    batch: str
    place: str
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def right_call(self, endpoint: str) -> Call:
        method, path, body, headers = call_of(endpoint, self.batch, self.place)
        token = self.store_token() if OPERATIONS[endpoint].right == "store" else self.token(*TOKEN_RIGHTS)
        return Call(method, path, body, headers, token)

    def errors(self) -> Iterator[tuple[str, int, Call]]:
        """(endpoint, status, call) for each error that an operation declares, without those of `LATER`."""
        for endpoint, one in OPERATIONS.items():
            for status in errors_of(endpoint, one):
                if status not in LATER:
                    yield endpoint, status, self._wrong(endpoint, status, self.right_call(endpoint))

    def _wrong(self, endpoint: str, status: int, call: Call) -> Call:
        path = call.path.partition("?")[0]
        name = endpoint.removeprefix("api.")
        right = OPERATIONS[endpoint].right
        changes: dict[int, dict[str, Any]] = {
            400: {"path": f"{path}?region=Nowhere"},
            401: {"token": ""},
            403: {"token": self.token(*(one for one in TOKEN_RIGHTS if one != right))},
            404: {"path": re.sub(r"/(revenue|rfm-segments|web-shop|PO-\d+|[0-9a-f]{20,32})(?=/|$)", "/0", path)},
            409: {"path": f"{path}?cursor={pagination.encode_cursor(name, 0, 2)}"},
            412: {"headers": call.headers | {"Tus-Resumable": "0.2.2"}},
            413: {"headers": call.headers | {"Upload-Length": str(TOO_LARGE)}},
            415: {"headers": call.headers | {"Content-Type": "text/plain"}},
            422: {"path": f"{path}?{'page' if endpoint.startswith('measures') else 'numbers'}=many"},
            460: {"headers": call.headers | {"Upload-Checksum": "md5 AAAAAAAAAAAAAAAAAAAAAA=="}},
        }
        special: dict[tuple[str, int], dict[str, Any]] = {
            ("sales", 413): {"body": {"note": "x" * 100_000}},
            ("sales", 422): {"body": []},
            ("begin_sending", 422): {"headers": call.headers | {"Upload-Length": "many"}},
            ("send_piece", 409): {"headers": call.headers | {"Upload-Offset": "7"}},
            ("query", 409): {"path": f"{path}?cursor={pagination.encode_cursor('rfm-segments', 0, 2)}"},
            ("measure_values", 400): {"path": f"{path}?measures=lines&region=Nowhere"},
            ("measure_values", 404): {"path": f"{path}?measures=0"},
            ("measure_values", 409): {
                "path": f"{path}?measures=lines&cursor={pagination.encode_cursor(VALUES_PATH, 0, 2)}"
            },
            ("stock", 409): {"path": f"{path}?cursor={pagination.encode_cursor(published_levels.NOW_QUERY, 0, 2)}"},
            ("restock", 409): {"path": f"{path}?cursor={pagination.encode_cursor('restock-lines', 0, 2)}"},
            ("stock_movements", 404): {"path": f"{path}?region=Nowhere&store=MUM01"},
            ("record_movements", 409): {"body": _with_quantity(call.body, "13")},
            ("record_movements", 422): {"body": []},
            ("send_piece", 422): {"headers": call.headers | {"Upload-Offset": "many"}},
        }
        return replace(call, **special.get((name, status), changes[status]))

    def store_token(self) -> str:
        """The token of the store of the example sale."""
        if ("store",) not in self.tokens:
            self.tokens["store",] = store_token(self.app)
        return self.tokens["store",]

    def token(self, *rights: str) -> str:
        """The token of the administrator with these rights."""
        if rights not in self.tokens:
            self.tokens[rights] = personal_tokens.issue_personal_token(
                self.app.ports, "ada", "example", rights, by="ada"
            )[1]
        return self.tokens[rights]


def with_rate(app: App, flask: Flask, rate: str) -> None:
    """Let the portal accept only so many calls of a token."""
    flask.extensions[EXTENSION] = replace(app, settings=app.settings.model_copy(update={"api_rate": rate}))


def without_documents(app: App, flask: Flask) -> None:
    """Let the portal lose its document store."""
    ports = replace(app.ports, documents=_Unreachable())
    flask.extensions[EXTENSION] = replace(app, ports=ports)


def problems(app: App, flask: Flask, batch: str) -> dict[str, Any]:
    """status → the problem of one real call."""
    place = Caller(app, batch, "").right_call("api.begin_sending").send(flask).headers["Location"]
    caller = Caller(app, batch, place)
    bodies: dict[int, Any] = {}
    for _, status, call in caller.errors():
        if status not in bodies:
            bodies[status] = call.send(flask).get_json()
    kpis = caller.right_call("api.kpis")
    with_rate(app, flask, "1 per minute")
    bodies[429] = [kpis.send(flask) for _ in range(2)][1].get_json()
    without_documents(app, flask)
    flask.logger.disabled = True  # the fault is intended; the logger is shared by all portals of the process
    bodies[503] = kpis.send(flask).get_json() | {"instance": "urn:tillstream:fault:00000000"}
    flask.logger.disabled = False
    stable = json.dumps(bodies).replace(place.rpartition("/")[2], "0" * 32)
    return dict(sorted(json.loads(stable).items()))
