"""Programs read the states and runs of connectors, and those of administrators run, pause and resume them."""

from collections.abc import Callable
from typing import Any

import pytest
from connectors.connector_source import Source
from shop_steps import Shop
from visitor import People, indian_file, indian_sale

from tillstream.connectors import records, state
from tillstream.model.permissions import Role
from tillstream.people import personal_tokens

JUNE = {"key": "june/1", "file": "june.csv", "text": indian_file(*map(indian_sale, "123")).decode()}
PATH = "/api/v1/connectors"


@pytest.fixture
def call(shop: Shop, source: Source) -> Callable[..., Any]:
    """Call the API with a new token of a user, with the right `pipeline`."""
    source.offer(JUNE)
    source.add()
    source.run_due()

    def send(login: str, path: str, method: str = "GET") -> Any:
        token = personal_tokens.issue_personal_token(shop.app.ports, login, "program", ["pipeline"], by=login)[1]
        headers = {"Authorization": f"Bearer {token}"}
        return shop.flask.test_client().open(path, method=method, headers=headers)

    return send


def test_states_and_runs(call: Callable[..., Any], source: Source) -> None:
    (one,) = call("boss", PATH).get_json()["connectors"]
    assert (one["name"], one["state"], one["failures"], one["behind"]) == ("erp", "on-time", 0, 0)
    assert str(source.path) not in call("boss", PATH).text
    assert call("boss", f"/api/connectors/{one['name']}").get_json() == one
    (run,) = call("boss", f"{PATH}/erp/runs").get_json()["runs"]
    assert (run["outcome"], run["items"], len(run["batches"])) == ("done", 1, 1)
    assert call("boss", f"{PATH}/erp/runs?offset=1").get_json()["runs"] == []
    assert call("boss", f"{PATH}/other").status_code == 404


def test_a_program_of_an_administrator_runs_and_pauses(call: Callable[..., Any], shop: Shop) -> None:
    answer = call("boss", f"{PATH}/erp/run", "POST")
    assert (answer.status_code, answer.get_json()["state"]) == (202, "requested")
    assert state.connector_status(shop.app.ports, "erp").is_requested
    assert call("boss", f"{PATH}/erp/pause", "POST").get_json()["is_paused"]
    assert not call("boss", f"{PATH}/erp/resume", "POST").get_json()["is_paused"]


def test_a_manager_only_reads_those_of_their_regions(call: Callable[..., Any], shop: Shop, person: People) -> None:
    person(Role.MANAGER, "IN", login="maya")
    person(Role.MANAGER, "UK", login="uma")
    assert [one["name"] for one in call("maya", PATH).get_json()["connectors"]] == ["erp"]
    assert call("uma", PATH).get_json()["connectors"] == []
    for name in ("run", "pause", "resume"):
        answer = call("maya", f"{PATH}/erp/{name}", "POST")
        assert (answer.status_code, "Only an administrator" in answer.text) == (403, True)
        assert call("uma", f"{PATH}/erp/{name}", "POST").status_code == 404
    assert not records.get_connector(shop.app.ports, "erp").is_paused
