"""The smoke test of a deployed stage, against a portal that really listens."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from app_factory import build, create_app
from threads import join_thread
from werkzeug.serving import make_server

from infra import smoke
from tillstream.app import App
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.domain.people import Role
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
    accounts.add(app.ports, "smoke", "Smoke test", Role.CLERK, regions=["IN"], password="ninety green bicycles")
    rights = ["upload", "uploads", "numbers"]
    _, token = personal_tokens.issue(
        app.ports, "smoke", "smoke", rights, days=1, valid_regions=app.contracts.regions(), by="test"
    )
    server = make_server("127.0.0.1", 0, create_app(app), threaded=True)
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


def test_a_stage_that_does_not_work_fails_the_test(stage: Stage) -> None:
    with pytest.raises(Rejected, match="401"):
        smoke.smoke(stage.address, "no token", 7, print)
    stage.worker.stop()
    with pytest.raises(Unavailable, match="still received"):
        smoke.smoke(stage.address, stage.token, 7, print, within=0)
    with pytest.raises(Unavailable):
        smoke.smoke("http://127.0.0.1:9", stage.token, 7, print)
