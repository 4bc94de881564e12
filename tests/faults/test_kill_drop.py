"""The process that takes dropped files in is killed at named steps: no file is lost, and none is taken twice."""

import signal
from decimal import Decimal
from pathlib import Path

import pytest
from faults.test_kill import PATIENCE, Shop

HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROWS = "".join(f"{number},A,Cup,1,12/5/2011 9:02,2.00,1,UK\n" for number in range(1, 21))
POINTS = [
    ("drop.claim", "after"),
    ("objects.writer inbox", "before"),
    ("objects.writer inbox", "after"),
    ("bus.publish object-events", "before"),
    ("documents.put batches received", "before"),
    ("documents.put batches received", "after"),
    ("documents.put drops", "before"),
    ("documents.put drops", "after"),
    ("drop.archive", "before"),
    ("drop.archive", "after"),
]


class Drop(Shop):
    """A shop whose watched folder settles fast."""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"TILLSTREAM_DROP_SETTLE": "0.1"}


def killed_at(folder: Path, step: str, when: str) -> None:
    watched_folder = Drop(folder / "home", folder, 20, Decimal(40))
    dropped = watched_folder.home / "drop" / "online-retail-uk"
    dropped.mkdir(parents=True)
    (dropped / "monday.csv").write_text(HEAD + ROWS)
    process = watched_folder.start("sweep", crash_at=(step, when, 1))
    _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == -signal.SIGKILL, f"it did not die at {when} {step}: {err}"
    watched_folder.run("sweep")
    (receipt,) = watched_folder.run("receipts")
    assert (receipt["file"], receipt["rows"]["new"], receipt["rows"]["read"]) == ("monday.csv", 20, 20)
    (taken,) = (watched_folder.home / "drop" / "taken").rglob("*.*")
    assert taken.read_text() == HEAD + ROWS
    assert list(dropped.iterdir()) == list((watched_folder.home / "drop" / ".taking").iterdir()) == []


@pytest.mark.parametrize(("step", "when"), [POINTS[0], POINTS[2]])
def test_a_taking_killed_at_a_step_loses_and_doubles_nothing(tmp_path: Path, step: str, when: str) -> None:
    killed_at(tmp_path, step, when)


@pytest.mark.long
@pytest.mark.parametrize(("step", "when"), POINTS)
def test_a_taking_killed_at_any_step_loses_and_doubles_nothing(tmp_path: Path, step: str, when: str) -> None:
    killed_at(tmp_path, step, when)
