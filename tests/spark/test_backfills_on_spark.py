"""A backfill on Spark gives the receipts, the quarantine and the ledger of the local engine, also if it is killed."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from app_factory import build, copy_template
from spark_command import ROOT, SECONDS, run_on_spark

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.settings import Settings

pytestmark = pytest.mark.timeout(900)  # Spark starts slowly where others use the cores
NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
CONTRACT = """\
name: shop
region: NL
currency: EUR
columns: {sale_id: No, date: Day, product_id: Item, quantity: Qty, unit_price: Price}
identity: {ids: region-wide}
outliers: {minimum: 5}
"""
HEADER = "No,Day,Item,Qty,Price\n"
FILES = 12
GARBAGE = bytes(range(256)) * 40
"""No text in any encoding, and no format that Tillstream reads."""


def lines(first: int, count: int, price: str = "2.00") -> str:
    return "".join(f"{number},2026-06-{number % 28 + 1:02},tea,1,{price}\n" for number in range(first, first + count))


def write_history(folder: Path) -> None:
    """Files that overlap each other and the sales before, with rows that are rejected; some that cannot be read."""
    folder.mkdir()
    for number in range(FILES):
        refused = f"{number}9999,2026-06-30,tea,two,2.00\n"
        text = HEADER + lines(number * 30, 40) + refused + lines(90_000 + number, 1, "950.00")
        (folder / f"{number:02}.csv").write_text(text, encoding="utf-8")
    (folder / "03-copy.csv").write_bytes((folder / "03.csv").read_bytes())
    (folder / "04-corrected.csv").write_text(HEADER + lines(120, 40, "2.10"), encoding="utf-8")
    (folder / "05-large.csv").write_text(HEADER + lines(20_000, 5_000), encoding="utf-8")
    (folder / "06-garbage.csv").write_bytes(GARBAGE)
    (folder / "07-no-columns.csv").write_text("What,Is,This\n1,2,3\n", encoding="utf-8")
    (folder / "08-empty.csv").write_bytes(b"")


def home(folder: Path) -> tuple[Settings, datetime]:
    """A home with sales that the files are compared with, and the time of its clock."""
    settings = Settings(home=folder / "home", samples=False, threads=1)
    (settings.home / "contracts").mkdir(parents=True)
    (settings.home / "contracts" / "shop.yaml").write_text(CONTRACT, encoding="utf-8")
    copy_template(settings, clock := ManualClock(NOW))
    opened = build(settings, clock)
    before = folder / "before.csv"
    before.write_text(HEADER + lines(0, 50), encoding="utf-8")
    assert COMMANDS["ingest"](opened, quiet, files=[str(before)], contract="shop").data["status"] == "settled"
    clock.advance(60)
    opened.close()
    return settings, clock.now()


@dataclass(frozen=True)
class Figures:
    """batches: file → its receipt and its quarantine, without times and ids. sold: the lines that count."""

    batches: Mapping[str, Any]
    sold: pa.Table


def figures(opened: App) -> Figures:
    read = {}
    for receipt in COMMANDS["receipts"](opened, quiet, limit=100).data:
        quarantine = COMMANDS["quarantine"](opened, quiet, batch=receipt.pop("batch_id")).data["rows"]
        read[receipt["file"]] = (receipt, quarantine)
    sold = opened.ports.warehouse.query("SELECT sale_id, sale_date, product_id, quantity, net_amount FROM sale_lines")
    return Figures(read, sold.sort_by([(name, "ascending") for name in sold.column_names]))


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("backfill") / "history"
    write_history(folder)
    return folder


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory, history: Path) -> Figures:
    """The figures of the local engine."""
    settings, now = home(tmp_path_factory.mktemp("local"))
    opened = build(settings, ManualClock(now))
    COMMANDS["backfill"](opened, quiet, paths=[str(history)], contract="shop")
    read = figures(opened)
    opened.close()
    return read


def test_receipts_quarantine_and_sales_are_those_of_the_local_engine(
    spark_python: Path, tmp_path: Path, history: Path, expected: Figures
) -> None:
    settings, now = home(tmp_path / "spark")
    options = {"paths": [str(history)], "contract": "shop", "engine": "spark", "master": "local[2]"}
    result = run_on_spark(spark_python, settings.home, now, "backfill", **options)
    assert result["spark"] == {"files": FILES + 6, "faults": []}
    assert result["batches"]["rejected"] == 3, "those that cannot be read stop no other"
    opened = build(settings, ManualClock(now))
    assert figures(opened) == expected
    opened.close()
    codes = {problem["code"] for receipt, _ in expected.batches.values() for problem in receipt["problems"]}
    assert {"outlier", "not-a-number"} <= codes
    rows = [receipt["rows"] for receipt, _ in expected.batches.values()]
    assert all(sum(each[outcome] or 0 for each in rows) for outcome in ("new", "corrected", "duplicate", "quarantined"))
    assert expected.batches["06-garbage.csv"][0]["status"] == "rejected"


@pytest.mark.long
def test_a_backfill_whose_driver_is_killed_continues_and_counts_nothing_twice(
    spark_python: Path, tmp_path: Path, history: Path, expected: Figures
) -> None:
    settings, _ = home(tmp_path / "spark")
    arguments = ["backfill", str(history), "--region", "shop", "--engine", "spark", "--master", "local[2]", "--json"]
    killed = [spark_python, "-m", "faults.crashing_connector", "documents.put batches staged", "after", "5", "-"]
    environment = {"TILLSTREAM_HOME": str(settings.home), "TILLSTREAM_SAMPLES": "false", "TILLSTREAM_THREADS": "1"}
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT / "tests"), str(ROOT)))
    ended = subprocess.run(
        [*killed, *arguments],
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    options = {"paths": [str(history)], "contract": "shop", "engine": "spark", "master": "local[2]"}
    result = run_on_spark(spark_python, settings.home, datetime.now(UTC), "backfill", **options)
    assert result["is_complete"]
    opened = build(settings, ManualClock(datetime.now(UTC)))
    assert figures(opened) == expected
    opened.close()


@pytest.mark.long
def test_spark_submit_runs_the_program_of_the_docs_on_a_cluster(
    spark_python: Path, tmp_path: Path, history: Path, expected: Figures
) -> None:
    """Of two executors, each a process of its own that shares nothing with the command but the folder of the home."""
    settings, _ = home(tmp_path / "spark")
    text = (ROOT / "docs" / "spark.md").read_text(encoding="utf-8")
    program = tmp_path / "backfill.py"
    program.write_text(*re.findall(r"```python\n(.+?)```", text, re.DOTALL), encoding="utf-8")
    ((options, arguments),) = re.findall(r"^spark-submit (.+?)\\\n +backfill\.py (.+?)\n", text, re.MULTILINE)
    options = options.replace("spark://HOST:7077", "local-cluster[2,1,1024]").replace("4g", "1g")
    arguments = arguments.replace("/data/history", str(history)).replace("UK", "shop")
    environment = {"TILLSTREAM_HOME": str(settings.home), "TILLSTREAM_SAMPLES": "false", "TILLSTREAM_THREADS": "1"}
    environment |= {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": str(spark_python), "PYTHONPATH": str(ROOT)}
    environment["PATH"] = os.pathsep.join((str(spark_python.parent), os.environ["PATH"]))
    ended = subprocess.run(
        [spark_python.parent / "spark-submit", *options.split(), program, *arguments.split(), "--json"],
        env=os.environ | environment,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr[-3_000:]
    result = json.loads(ended.stdout)
    assert result["spark"] == {"files": FILES + 6, "faults": []}
    opened = build(settings, ManualClock(datetime.now(UTC)))
    assert figures(opened) == expected
    opened.close()
