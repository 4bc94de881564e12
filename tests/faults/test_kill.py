"""The real process is killed with SIGKILL at named steps and at random moments, and started again: totals are exact."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from click.testing import CliRunner
from pyarrow import csv
from stateful.crashes import STEPS
from stateful.sources import Sale, Source
from turns import in_turns, one_in_turns
from waiting import wait_for

from tillstream.app import build
from tillstream.cli.main import main
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import Message, RetryPolicy
from tillstream.samples.wide_file import BENCH_CONTRACT, write_wide_file
from tillstream.settings import Settings

TESTS = Path(__file__).resolve().parents[1]
PATIENCE = 300.0
LEFT = "SELECT count(*) FROM messages WHERE subscription = 'receive'"


@dataclass
class Shop:
    """A home, a file with exact totals, and the command line: in a process that is killed, then in this one."""

    home: Path
    file: Path
    rows: int
    net: Decimal

    @property
    def environment(self) -> dict[str, str]:
        ours = {"TILLSTREAM_HOME": str(self.home), "TILLSTREAM_SAMPLES": "false", "PYTHONPATH": str(TESTS)}
        return {k: v for k, v in os.environ.items() if not k.startswith("TILLSTREAM_")} | ours

    def start(self, *arguments: str, crash_at: tuple[str, str, int] | None = None) -> subprocess.Popen[str]:
        plain = ["-c", "from tillstream.cli.main import main; main()"]
        command = [sys.executable, *(["-m", "faults.crashing_command", *map(str, crash_at)] if crash_at else plain)]
        return subprocess.Popen(
            [*command, *arguments], env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *arguments: str) -> Any:
        ours = self.environment
        others = {name: None for name in os.environ if name.startswith("TILLSTREAM_") and name not in ours}
        result = CliRunner(env=ours | others).invoke(main, [*arguments, "--json"])
        assert result.exit_code == 0, f"{arguments}: {result.exit_code} {result.output} {result.exception!r}"
        return json.loads(result.stdout)

    def ingest(self) -> tuple[str, ...]:
        return ("ingest", str(self.file), "--region", "bench")

    def is_exact(self) -> None:
        """After a sweep, all rows or none are in the ledger; after another upload of the file, all are."""
        self.run("sweep")
        lines = self.run("query", "kpis")["rows"][0]["lines"]
        assert lines in (0, self.rows)
        receipt = self.run(*self.ingest())["rows"]
        assert receipt["new" if lines == 0 else "duplicate"] == receipt["read"] == self.rows
        amounts = [r for r in self.run("receipts") if r["rows"]["new"]]
        assert [r["rows"]["new"] for r in amounts] == [self.rows]
        assert Decimal(amounts[0]["amounts"][0]["net"]) == self.net
        assert self.run("query", "kpis")["rows"][0]["lines"] == self.rows
        for rebuild in ("--check", "--from-originals"):
            assert self.run("rebuild", rebuild)["differences"] == []


def shop(folder: Path, rows: int) -> Shop:
    home, file = folder / "home", folder / "wide.csv"
    (home / "contracts").mkdir(parents=True)
    (home / "contracts" / "bench.yaml").write_text(yaml.safe_dump(BENCH_CONTRACT))
    write_wide_file(file, rows)
    options = csv.ConvertOptions(include_columns=["net_amount"], column_types={"net_amount": pa.decimal128(20, 2)})
    net = pc.sum(csv.read_csv(file, convert_options=options).column("net_amount")).as_py()
    return Shop(home, file, rows, net)


def killed_at(folder: Path, rows: int, step: str, when: str, count: int = 1) -> None:
    crashing_shop = shop(folder, rows)
    process = crashing_shop.start(*crashing_shop.ingest(), crash_at=(step, when, count))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, f"it did not die at {when} {step}: {err}"
    crashing_shop.is_exact()


@pytest.mark.parametrize(
    ("step", "when"), [("documents.put batches staged", "before"), ("warehouse.settle staged", "after")]
)
def test_an_ingest_killed_at_a_step_is_exact_after_a_new_start(tmp_path: Path, step: str, when: str) -> None:
    killed_at(tmp_path, 1_000, step, when)


OF_AN_INGEST = [
    step
    for step in STEPS
    if step.startswith(("objects", "warehouse.settle staged", "bus.publish object", "bus.publish batch.s"))
    or step
    in {
        f"documents.put {what}"
        for what in ("contracts", "batches received", "batches staging", "batches staged", "batches settled")
    }
]


@pytest.mark.long
@pytest.mark.parametrize(("step", "when"), in_turns(2, OF_AN_INGEST, ["before", "after"]))
def test_an_ingest_killed_at_any_step_is_exact_after_a_new_start(tmp_path: Path, step: str, when: str) -> None:
    killed_at(tmp_path, 20_000, step, when)


@pytest.mark.long
@pytest.mark.parametrize("seed", one_in_turns(2, range(8)))
def test_an_ingest_killed_at_a_random_moment_is_exact_after_a_new_start(tmp_path: Path, seed: int) -> None:
    crashing_shop = shop(tmp_path, 200_000)
    process = crashing_shop.start(*crashing_shop.ingest())
    rng = random.Random(seed)
    time.sleep(rng.uniform(0.3, 4.0))
    process.kill()
    process.communicate(timeout=PATIENCE)
    crashing_shop.is_exact()


def served_and_killed(folder: Path, step: str, when: str, *, one_thread: bool = False) -> None:
    """The server is killed while it receives a till's sales; the next server settles all of them.

    one_thread: the first process handles its queues in turn; threads of a server reach some steps in any order.
    """
    home = folder / "home"
    (home / "contracts").mkdir(parents=True)
    region = Source("Testland")
    (home / "contracts" / "Testland.yaml").write_text(region.yaml())
    sales = [Sale(str(n), "S1", "2024-03-01", 9, (("P", n, 1), ("Q", 1, 2))) for n in range(1, 41)]
    app = build(Settings(home=home, samples=False))
    app.ports.bus.subscribe(TOPIC_STORE_SALES, "receive", RetryPolicy(minimum=0.1, lease=2.0))
    app.ports.bus.publish(TOPIC_STORE_SALES, [Message(sale.body()) for sale in sales])
    app.close()
    crashing_shop = Shop(home, folder, 80, Decimal(0))
    if one_thread:
        command = [sys.executable, "-m", "faults.queue_worker", step, when]
        first = subprocess.Popen(command, env=crashing_shop.environment, stderr=subprocess.PIPE, text=True)
    else:
        first = crashing_shop.start("serve", "--port", free_port(), crash_at=(step, when, 1))
    _, err = first.communicate(timeout=PATIENCE)
    assert first.returncode == -signal.SIGKILL, err
    second = crashing_shop.start("serve", "--port", free_port())
    try:
        wait_for(lambda: has_handled_all(crashing_shop), "the sales", patience=PATIENCE, pause=0.2)
        crashing_shop.run("sweep")
        row = crashing_shop.run("query", "kpis")["rows"][0]
        assert (row["lines"], Decimal(row["units"])) == (80, Decimal(sum(range(1, 41)) + 40))
        assert sum(receipt["rows"]["new"] for receipt in crashing_shop.run("receipts")) == 80
    finally:
        second.send_signal(signal.SIGINT)
        second.communicate(timeout=PATIENCE)
    for rebuild in ("--check", "--from-originals"):
        assert crashing_shop.run("rebuild", rebuild)["differences"] == []


def has_handled_all(crashing_shop: Shop) -> bool:
    """Whether all sales count, and no message is left, also of those that the first process had leased when it died."""
    crashing_shop.run("sweep")
    if int(crashing_shop.run("query", "kpis")["rows"][0]["lines"]) < 80:
        return False
    with closing(sqlite3.connect(crashing_shop.home / "queue.sqlite", timeout=10)) as queue:
        return not queue.execute(LEFT).fetchone()[0]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def test_a_server_killed_before_it_acknowledges_loses_and_doubles_no_sale(tmp_path: Path) -> None:
    served_and_killed(tmp_path, "bus.acknowledge receive", "before")


@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("documents.put batches staged", "before"),
        pytest.param("documents.put batches received", "after", marks=pytest.mark.long),
    ],
)
def test_a_server_killed_around_the_record_of_a_micro_batch_loses_and_doubles_no_sale(
    tmp_path: Path, step: str, when: str
) -> None:
    """Its object and its record exist, and its staged rows the second time; its messages are not acknowledged."""
    served_and_killed(tmp_path, step, when, one_thread=True)


@pytest.mark.long
@pytest.mark.parametrize(
    ("step", "when"),
    [
        ("bus.pull receive", "after"),
        ("objects.writer inbox", "before"),
        ("documents.put batches received", "before"),
        ("documents.put batches staged", "after"),
        ("warehouse.settle staged", "before"),
        ("warehouse.settle staged", "after"),
        ("bus.acknowledge batches", "before"),
        ("documents.put announcements", "before"),
    ],
)
def test_a_server_killed_at_any_step_loses_and_doubles_no_sale(tmp_path: Path, step: str, when: str) -> None:
    served_and_killed(tmp_path, step, when)
