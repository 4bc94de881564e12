"""Processes that stage, settle and announce on the adapters for a cloud are killed with SIGKILL at named steps.

The next process resumes the work by the sweep, because messages leased by the killed one are redelivered only when
their leases end. The adapters run on emulators, each test in a project of its own, where starting and settling take
seconds: so one process after the other is killed, each a step further, and the totals are compared after each.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from faults.queue_worker import LEASE
from faults.test_kill import PATIENCE, TESTS, shop
from stateful.crashes import Fuse, with_crashes
from stateful.on_google import SOON, project, store_contract
from stateful.system import LISTENER

from tillstream.app import App, build
from tillstream.intake import inbox
from tillstream.model.batch import BatchState
from tillstream.operations import rebuild
from tillstream.receipts import receipt as receipts
from tillstream.records import batch_records
from tillstream.samples.wide_file import BENCH_CONTRACT
from tillstream.settings import Settings

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")]
ROWS = 2_000
TOTALS = "SELECT COUNT(*) AS `lines`, COUNT(DISTINCT key) AS keys, SUM(net_amount) AS net FROM current_lines"


@dataclass
class Company:
    """A project with an uploaded file of exact totals."""

    settings: Settings
    app: App
    batch: str
    net: Decimal

    def shift(self, *crash_at: str) -> tuple[int, str]:
        """Run one worker process; return its return code and its errors."""
        path = os.pathsep.join([str(TESTS), str(TESTS.parent)])
        ours = {"TILLSTREAM_PROJECT": self.settings.project, "TILLSTREAM_SAMPLES": "false", "PYTHONPATH": path}
        command = [sys.executable, "-m", "faults.queue_worker", *crash_at]
        done = subprocess.run(
            command, env=os.environ | ours, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        return done.returncode, done.stdout + done.stderr

    def totals(self) -> tuple[int, int, Decimal | None]:
        (row,) = self.app.ports.warehouse.query(TOTALS).to_pylist()
        return row["lines"], row["keys"], row["net"]

    def is_exact(self) -> None:
        ports = self.app.ports
        assert self.totals()[:2] == (ROWS, ROWS)
        assert batch_records.get_batch(ports, self.batch).state is BatchState.ANNOUNCED
        receipt = receipts.batch_receipt(ports, self.batch)
        assert receipt["rows"]["new"] == receipt["rows"]["read"] == ROWS
        assert [Decimal(each["net"]) for each in receipt["amounts"]] == [self.net]
        entered = ports.warehouse.query("SELECT batch_id, settlement_no FROM batches").to_pylist()
        assert entered == [{"batch_id": self.batch, "settlement_no": 1}]
        self._is_announced()
        assert rebuild.rebuild_from_originals(ports, self.app.fresh_warehouse)["differences"] == []

    def _is_announced(self) -> None:
        """Each line has one event, whose repeats are equal."""
        bodies_by_id: dict[str, set[bytes]] = {}
        while deliveries := self.app.ports.bus.pull(LISTENER, 1_000):
            for delivery in deliveries:
                bodies_by_id.setdefault(json.loads(delivery.message.body)["id"], set()).add(delivery.message.body)
            self.app.ports.bus.acknowledge(deliveries)
        assert [len(bodies) for bodies in bodies_by_id.values()] == [1] * ROWS
        lines = [json.loads(body)["line"] for bodies in bodies_by_id.values() for body in bodies]
        assert len({(line["sale_id"], line["line_key"]) for line in lines}) == ROWS


@contextmanager
def company(folder: Path) -> Iterator[Company]:
    new_company, settings = shop(folder, ROWS), project()
    store_contract(settings, yaml.safe_dump(BENCH_CONTRACT))
    app = build(settings)
    ports = with_crashes(app, Fuse()).ports  # which publishes that the file arrived
    try:
        with new_company.file.open("rb") as stream:
            upload = inbox.receive_file(ports, app.contracts.pin("bench"), new_company.file.name, stream, "clerk")
        yield Company(settings, app, upload.batch_id, new_company.net)
    finally:
        app.close()


def killed_at(folder: Path, points: Sequence[tuple[str, str]]) -> None:
    """One process after the other dies, each at the next point; the last one lives."""
    with company(folder) as crashing:
        for step, when in points:
            code, errors = crashing.shift(step, when)
            assert code == -signal.SIGKILL, f"it did not die at {when} {step}: {errors}"
            assert crashing.totals() in {(0, 0, None), (ROWS, ROWS, crashing.net)}
        code, errors = crashing.shift()
        assert code == 0, errors
        crashing.is_exact()


@pytest.mark.parametrize(
    "points",
    [
        pytest.param([(step, when) for step in steps for when in ("before", "after")], id=what)
        for what, steps in (
            ("stage", ("objects.writer staging", "documents.put batches staged")),
            ("settle", ("warehouse.settle staged", "documents.put batches settled")),
            ("announce", ("bus.publish sale-events", "documents.put batches announced", "documents.put announcements")),
        )
    ],
)
def test_processes_killed_at_each_step_lose_and_double_nothing(
    tmp_path: Path, points: Sequence[tuple[str, str]]
) -> None:
    killed_at(tmp_path, points)


def test_messages_leased_by_a_killed_process_are_redelivered_and_handled_once(tmp_path: Path) -> None:
    with company(tmp_path) as crashing:
        code, errors = crashing.shift("bus.acknowledge objects", "before")
        assert code == -signal.SIGKILL, errors
        (again,) = crashing.app.ports.bus.pull("objects", 1, 3 * LEASE)
        assert again.attempt == 2
        crashing.app.ports.bus.release([again], "it is for the next process")
        code, errors = crashing.shift()
        assert code == 0, errors
        assert crashing.app.ports.bus.pull("objects", 1, SOON) == []
        crashing.is_exact()
