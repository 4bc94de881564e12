"""The smoke test of a deployed stage, against a portal that really listens, behind a double of Google's front end."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from app_factory import build
from front_end import behind_front_end, is_reserved
from portal_factory import create_app
from threads import join_thread
from werkzeug.serving import make_server

from infra import smoke
from infra.declared import Declared
from infra.source import UNKNOWN
from infra.stage import read
from portal.operations import health
from tillstream.app import App
from tillstream.model.errors import Rejected, Unavailable
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.server.worker import Worker
from tillstream.settings import Settings


@dataclass
class Stage:
    address: str
    token: str
    app: App
    worker: Worker


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    app = build(Settings(home=tmp_path, samples=False, threads=1))
    accounts.add_account(app.ports, "smoke", "Smoke test", Role.CLERK, regions=["IN"], password="ninety green bicycles")
    rights = ["upload", "uploads", "numbers"]
    _, token = personal_tokens.issue_personal_token(
        app.ports, "smoke", "smoke", rights, days=1, check_regions=app.contracts.check_regions, by="test"
    )
    server = make_server("127.0.0.1", 0, behind_front_end(create_app(app)), threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    worker = Worker(app)
    worker.start()
    yield Stage(f"http://127.0.0.1:{server.server_port}/", token, app, worker)
    worker.stop()
    server.shutdown()
    join_thread(thread)
    server.server_close()
    app.close()


def test_a_number_sent_is_read_back_and_the_next_run_corrects_it(stage: Stage) -> None:
    output: list[str] = []
    for units in (7, 8, 8):
        assert smoke.smoke(stage.address, stage.token, units, output.append) < 60
    assert len(output) == 3
    lines = stage.app.ports.warehouse.query("SELECT sale_date, units FROM line_facts").to_pylist()
    assert [(row["sale_date"].isoformat(), int(row["units"])) for row in lines] == [(smoke.DAY, 8)]


def test_paths_that_the_front_end_answers_itself_do_not_reach_the_portal(stage: Stage) -> None:
    api = smoke.Api(stage.address.rstrip("/"), stage.token)
    assert api("GET", smoke.READY)[0]["status"] == "ok"
    for path in ("/healthz", "/_ah/warmup"):
        with pytest.raises(Rejected, match="404"):
            api("GET", path)


def test_no_caller_outside_of_an_instance_uses_a_reserved_path(stage: Stage) -> None:
    """Of the portal's addresses, only that of the probe, which asks the instance itself; the monitor's is free."""
    reserved = [rule.rule for rule in create_app(stage.app).url_map.iter_rules() if is_reserved(rule.rule)]
    assert reserved == ["/healthz"]
    checks = [each for each in Declared(read("dev", "demo", "1"), UNKNOWN).resources() if each.kind == "check"]
    paths = [each.wanted["httpCheck"]["path"] for each in checks]
    assert paths == [smoke.READY]
    assert not any(map(is_reserved, paths))


def test_a_release_fails_if_a_dependency_fails_now(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    smoke.Api(stage.address.rstrip("/"), "")("GET", smoke.READY)  # a monitor has asked just before

    def broken(_: object) -> None:
        raise Unavailable("gone")

    monkeypatch.setitem(health.PARTS, "queues", broken)
    with pytest.raises(Unavailable, match="503"):
        smoke.smoke(stage.address, stage.token, 7, print)


def test_a_stage_that_does_not_work_fails_the_test(stage: Stage) -> None:
    with pytest.raises(Rejected, match="401"):
        smoke.smoke(stage.address, "no token", 7, print)
    stage.worker.stop()
    with pytest.raises(Unavailable, match="still received"):
        smoke.smoke(stage.address, stage.token, 7, print, within=0)
    with pytest.raises(Unavailable):
        smoke.smoke("http://127.0.0.1:9", stage.token, 7, print)
