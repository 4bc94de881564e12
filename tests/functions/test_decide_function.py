"""The function that the portal calls for its users, through the test client of functions-framework."""

import json
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from test_entry_points import upload

from tillstream.app import App
from tillstream.model.batch import BatchState
from tillstream.model.json_text import restore_typed_values
from tillstream.model.permissions import Role
from tillstream.operations.delegated_decisions import DecisionKind, UserDecision
from tillstream.people import accounts
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.records import batch_records

Entry = Callable[[str], FlaskClient]


@pytest.fixture
def batch(app: App) -> str:
    accounts.add_account(app.ports, "boss", "Boss", Role.ADMIN)
    accounts.add_account(app.ports, "asha", "Asha", Role.CLERK, regions=["UK"])
    received = upload(app)
    stage.stage(app.ports, received.batch_id)
    settle.settle_all(app.ports, app.contracts)
    return received.batch_id


def test_an_undo_is_previewed_and_done(entry: Entry, app: App, batch: str) -> None:
    client = entry("decide")
    preview = UserDecision(DecisionKind.PREVIEW_UNDO, "boss", {"batch": batch, "currency": ""})
    answer = client.post("/", json=preview.to_json())
    assert answer.status_code == 200
    assert restore_typed_values(answer.get_json())["total"]["removed"] == 1
    assert batch_records.get_batch(app.ports, batch).state is BatchState.SETTLED
    with capture_logs() as lines:
        answer = client.post("/", json=UserDecision(DecisionKind.UNDO, "boss", {"batch": batch}).to_json())
    assert (answer.status_code, answer.get_json()["by"]) == (200, "boss")
    assert batch_records.get_batch(app.ports, batch).state is BatchState.UNDONE
    (line,) = [line for line in lines if line["event"] == "handled"]
    assert (line["outcome"], line["work"], line["by"]) == ("done", "undo", "boss")


def test_what_the_account_may_not_do_is_refused_with_its_reason(entry: Entry, batch: str) -> None:
    answer = entry("decide").post("/", json=UserDecision(DecisionKind.UNDO, "asha", {"batch": batch}).to_json())
    assert (answer.status_code, answer.get_json()["error"]) == (422, "Rejected")
    assert "may not undo" in answer.get_json()["message"]


def test_a_sweep_is_done_for_a_user(entry: Entry, batch: str) -> None:
    answer = entry("sweep").post("/", data=json.dumps({"by": "boss"}), content_type="application/json")
    assert (answer.status_code, answer.get_json()["settled"]) == (200, 0)
    assert entry("sweep").post("/", json={"by": "asha"}).status_code == 422
