"""A small company's home, copies of it from earlier, and ways to damage one of its files."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
from stateful.sources import Fix, Sale
from stateful.steps import GOOD, fix, like, process, send_sales, upload_rows
from stateful.system import System, running_system

from tillstream.adapters.local.clock import ManualClock
from tillstream.app import App, build
from tillstream.operations import reconcile
from tillstream.records import batch_records
from tillstream.review import replay, undo
from tillstream.server.worker import Worker
from tillstream.settings import Settings

DATABASES = ("warehouse.duckdb", "documents.sqlite", "queue.sqlite")
LOGS = {"warehouse.duckdb": (".wal",), "documents.sqlite": ("-wal", "-shm"), "queue.sqlite": ("-wal", "-shm")}
LINES = """SELECT region, sale_id, line_key, store_id, product_id, sale_date, quantity, net_amount, channel, batch_id
    FROM sale_lines ORDER BY region, sale_id, line_key"""
RECEIPTS = """SELECT batch_id, settlement_no, undone_no, rows_read, rows_new, rows_corrected, rows_duplicate,
    rows_quarantined, rows_ignored, removed FROM receipts ORDER BY batch_id"""
Damage = Callable[[Path], None]


@dataclass
class Lived:
    """A home, and copies of it at earlier moments, oldest first."""

    home: Path
    earlier: list[Path]
    clock: ManualClock
    state: dict[str, Any]


def live(folder: Path) -> Lived:
    """Files, a correction, a replay, an undo, and sales of tills; copies are kept in between."""
    earlier: list[Path] = []
    with running_system(folder / "home", numbered=False) as system:

        def keep(*, checkpoint: bool) -> None:
            system.stop()
            if checkpoint:
                with duckdb.connect(str(system.home / "warehouse.duckdb")) as warehouse:
                    warehouse.execute("CHECKPOINT")
            earlier.append(folder / f"earlier-{len(earlier)}")
            shutil.copytree(system.home, earlier[-1])
            system.start()

        upload_rows(system, "ruling", GOOD, like(number="2"), like(product="Q", fault="qty"))
        keep(checkpoint=True)
        batch = upload_rows(system, "sale", like(number="7"), like(number="8", fault="qty"), like(number="9"))
        _ends(system)
        keep(checkpoint=False)
        fix(system, batch, Fix(2, like(number="8"), "edit"))
        undone = upload_rows(system, "ruling", like(number="2", price=2), like(number="3"))
        send_sales(system, Sale("11", "S1", "2024-03-01", 9, (("P", 2, 2),)))
        undo.undo_batch(system.app.ports, undone, "manager")
        process(system, replay.replay_batch(system.app.ports, system.app.contracts, batch, None, "clerk"))
        upload_rows(system, "day", like(number="20", day="2024-03-02"))
        _ends(system)
        upload_rows(system, "ruling", like(number="30"), settled=False)  # received only
        state = state_of(system.plain)
        clock = system.clock
        system.stop()
        shutil.copytree(folder / "home", folder / "kept")
        system.start()
    return Lived(folder / "kept", earlier, clock, state)


def _ends(system: System) -> None:
    system.wait()
    system.listen()


def state_of(app: App) -> dict[str, Any]:
    """What people see, without times."""
    return {
        "lines": app.ports.warehouse.query(LINES).to_pylist(),
        "receipts": app.ports.warehouse.query(RECEIPTS).to_pylist(),
        "records": sorted(
            (batch.batch_id, str(batch.state), batch.settlement_no) for batch in batch_records.all_batches(app.ports)
        ),
    }


@contextmanager
def opened(lived: Lived, home: Path) -> Iterator[App]:
    clock = ManualClock(lived.clock.now() + timedelta(hours=3))
    with closing(build(Settings(home=home, threads=1, samples=False, project=""), clock)) as app:
        yield app


def swept(app: App) -> list[str]:
    """Sweep and work until nothing waits; return what was said."""
    sentences = [*app.notices]
    for _ in range(2):
        app.ports.clock.advance(60)  # type: ignore[attr-defined]
        sentences += reconcile.run_sweep(app.ports, app.contracts, patience=timedelta(0))["repaired"]
        Worker(app).run_until_idle()
    return sentences


def cut(count: int) -> Damage:
    def damage(path: Path) -> None:
        data = path.read_bytes()
        path.write_bytes(data[: max(len(data) - count, 0)])

    return damage


def flip(path: Path) -> None:
    """Change a byte in each 4 KiB, after the headers."""
    data = bytearray(path.read_bytes())
    for place in range(20_000, len(data), 4 << 10):
        data[place] ^= 0xFF
    path.write_bytes(data)


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garble(path: Path) -> None:
    path.write_bytes(Random(7).randbytes(path.stat().st_size))


def remove(path: Path) -> None:
    path.unlink()


def put_back(earlier: Path) -> Damage:
    """Replace a database and its logs by those of an earlier copy."""

    def damage(path: Path) -> None:
        for suffix in ("", *LOGS[path.name]):
            old, live_file = earlier / f"{path.name}{suffix}", path.with_name(f"{path.name}{suffix}")
            live_file.unlink(missing_ok=True)
            if old.exists():
                shutil.copyfile(old, live_file)

    return damage
