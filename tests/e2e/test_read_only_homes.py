"""A home folder that cannot be written still answers queries; commands that write say why they cannot."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from app_factory import build

from tillstream.app import open_read_only
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.model.errors import Unavailable
from tillstream.settings import Settings

SCRIPT = [sys.executable, "-c", "from tillstream.cli.start import script; script()"]
HEAD = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
ROW = "536365,22423,CAKESTAND,2,12/5/2011 9:02,12.75,17850,United Kingdom\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "sales.csv"
    path.write_text(HEAD + ROW)
    return path


@pytest.fixture
def home(tmp_path: Path, file: Path) -> Iterator[Path]:
    home = tmp_path / "home"
    app = build(Settings(home=home, samples=False, threads=1))
    assert COMMANDS["ingest"](app, quiet, files=[str(file)], contract="online-retail-uk").code == 0
    app.close()
    assert (home / "warehouse.duckdb.wal").stat().st_size, "the commits are not in the database file yet"
    for path in (home, *home.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    yield home
    for path in (home, *home.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)


def run(home: Path, *words: str) -> tuple[int, str, str]:
    """Run a command without the right of root to write everywhere."""
    prefix = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root can write to every folder, and setpriv is not installed")
        prefix = ["setpriv", "--bounding-set=-dac_override"]
    environment = os.environ | {"TILLSTREAM_HOME": str(home), "TILLSTREAM_THREADS": "1"}
    done = subprocess.run(
        [*prefix, *SCRIPT, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.system
def test_a_read_only_home_answers_and_stays_as_it_is(home: Path, file: Path) -> None:
    before = sorted((str(path), path.stat().st_mtime_ns) for path in home.rglob("*"))
    assert "\nUK,OR-536365,22423#1," in run(home, "query", "sale-lines", "--format", "csv")[1]
    assert "sales.csv · online-retail-uk · settled" in run(home, "receipts")[1]
    assert run(home, "status")[0] == 0
    code, _, err = run(home, "ingest", str(file), "--region", "online-retail-uk")
    assert (code, "is not writable: Permission denied. Set TILLSTREAM_HOME" in err) == (1, True)
    assert sorted((str(path), path.stat().st_mtime_ns) for path in home.rglob("*")) == before


def test_commits_in_the_log_of_documents_are_read_too(home: Path, tmp_path: Path) -> None:
    copy, live = tmp_path / "copy", tmp_path / "live"
    shutil.copytree(home, live)
    for path in (live, *live.rglob("*")):
        path.chmod(path.stat().st_mode | 0o200)
    app = build(Settings(home=live, samples=False, threads=1))
    app.ports.documents.put("notes", "one", {"text": "in the log"})
    shutil.copytree(live, copy)
    app.close()
    assert (copy / "documents.sqlite-wal").stat().st_size
    with open_read_only(Settings(home=copy, samples=False, threads=1)) as reading:
        document = reading.ports.documents.get("notes", "one")
        assert document is not None
        with pytest.raises(Unavailable):
            reading.ports.bus.subscribe("object-events", "other")
    nothing = open_read_only(Settings(home=tmp_path / "empty", samples=False, threads=1))
    with pytest.raises(Unavailable, match="There is no Tillstream data"), nothing:
        pass
