"""The function that answers homes, through the test client of functions-framework."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tillstream.app import App
from tillstream.people import signatures
from tillstream.sync import homes
from tillstream.sync.home_identity import HomeIdentity, home_id
from tillstream.sync.http import call_messages, call_signatures
from tillstream.sync.http.remote_office import SYNC_PATH

Entry = Callable[[str], FlaskClient]


@pytest.fixture
def home(app: App) -> HomeIdentity:
    private, public = signatures.new_key_pair()
    homes.add_home(app.ports, "berlin-1", public, "boss")
    return HomeIdentity(home_id(public), public, private)


def call_of(app: App, home: HomeIdentity, number: int, name: str = "compare") -> dict[str, Any]:
    body, path = call_messages.pack_content({"digests": {}}), f"{SYNC_PATH}{name}"
    headers = call_signatures.signature_headers(home, "POST", path, body, number, app.ports.clock.now())
    content = {"base64": base64.b64encode(body).decode()}
    return {"call": name, "method": "POST", "path": path, "headers": headers, "content": content}


def test_a_call_is_answered_once(entry: Entry, app: App, home: HomeIdentity) -> None:
    client, call = entry("homes"), call_of(app, home, 1)
    answer = client.post("/", json=call)
    assert json.loads(base64.b64decode(answer.get_json()["json"]["base64"])) == {"differing": []}
    with capture_logs() as lines:
        again = client.post("/", json=call).get_json()["refused"]
    (line,) = [line for line in lines if line["event"] == "handled"]
    assert (line["outcome"], line["call"]) == ("done", "compare")
    assert (again["code"], again["details"]) == ("repeated-request", {"last_request": 1})


def test_a_call_that_no_home_signed_is_refused(entry: Entry, app: App, home: HomeIdentity) -> None:
    call = call_of(app, home, 1) | {"path": f"{SYNC_PATH}journal"}
    for data in (call, call | {"call": "journal"}, {"call": "compare"}, []):
        answer = entry("homes").post("/", json=data)
        assert (answer.status_code, answer.get_json()["error"]) == (422, "Rejected")
    assert entry("homes").post("/", json=call_of(app, home, 1)).status_code == 200
