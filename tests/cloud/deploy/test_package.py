"""The deployable source stands by itself: built in an empty environment by its hashes, served, and woken by events."""

import io
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_fixtures import require

from devtools.cloud_local import CloudLocal, Source, missing, running
from infra.functions import FUNCTIONS
from infra.package import LOCK, package
from tillstream.app import App, build
from tillstream.batches import records
from tillstream.domain.batch.record import BatchKind, State
from tillstream.domain.store_sale import schema
from tillstream.people.store_tokens import StoreToken
from tillstream.settings import Settings
from tillstream.workflows.intake import uploads
from tillstream.workflows.intake.store_sales import publish

PATIENCE = 300.0
CSV = (
    b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    b"581001,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n"
)


def test_the_package_is_the_entry_point_the_core_and_a_hash_for_every_file(tmp_path: Path) -> None:
    folder = package(tmp_path / "functions")
    (folder / "left-over.py").touch()
    assert package(folder) == folder
    names = ["functions", "main.py", "requirements.txt", "sql", "tillstream"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / "sql" / "ledger" / "receipts.sql").is_file()
    assert not list(folder.rglob("__pycache__"))
    wanted = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if "==" in line]
    assert wanted
    assert all(line.endswith("\\") for line in wanted)  # its hashes follow
    assert not [line for line in wanted if line.startswith(("click-", "waitress", "pandas"))]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudLocal]:
    """As `make cloud-local`, with the functions served from the package in an environment of its own."""
    require(missing())
    folder = tmp_path_factory.mktemp("package")
    source, environment = package(folder / "functions"), folder / "environment"
    # Before version 24, pip downloads a newer google-auth than the locked one for its extra, and refuses it.
    subprocess.run([sys.executable, "-m", "venv", "--upgrade-deps", environment], check=True)
    python = str(environment / "bin" / "python")
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    subprocess.run([python, *install, "-r", source / "requirements.txt"], check=True)
    served = Source(source / "main.py", source, python)
    with running(folder / "cloud", source=served) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.variables.items():
            patch.setenv(name, value)
        yield cloud


@pytest.fixture(scope="module")
def app(cloud: CloudLocal) -> Iterator[App]:
    app = build(Settings())
    yield app
    app.close()


@pytest.mark.long
def test_each_entry_point_of_the_package_does_its_work(cloud: CloudLocal, app: App) -> None:
    received = uploads.receive(app.ports, app.contracts.pin("online-retail-uk"), "monday.csv", io.BytesIO(CSV), "emma")
    publish(app.ports, StoreToken("till", "UK", "LON1"), schema()["examples"][0])
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        batches = [records.get(app.ports, received.batch_id), *records.find(app.ports, kind=BatchKind.STORE_SALES)]
        if len(batches) == 2 and all(batch.state is State.ANNOUNCED for batch in batches):
            break
        time.sleep(0.5)
    assert [batch.state for batch in batches] == [State.ANNOUNCED] * 2
    clock = {"project", "receive", "sweep", "compact", "index", "forward"}
    assert {spec.name for spec in FUNCTIONS if not _has_handled(cloud, spec.name)} <= clock  # may still run
    assert app.ports.documents.get("upkeep", "sweep")


def _has_handled(cloud: CloudLocal, function: str) -> bool:
    """Whether a function wrote that it handled something."""
    return '"message": "handled"' in _log(cloud, function) or '"event": "handled"' in _log(cloud, function)


def _log(cloud: CloudLocal, function: str) -> str:
    return (cloud.logs / f"function-{function}.log").read_text(encoding="utf-8")
