"""A home and a head office as real processes: both are killed during syncs, and the home is restored from a backup."""

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner
from sync.cut_connections import CuttingProxy
from unit.connectors.connector_steps import sales
from waiting import wait_for

from examples import in_long_proofs
from tests.e2e.server.test_server import TILLSTREAM, Server, environment
from tillstream.cli.main import main

PRIVATE = {"TILLSTREAM_CONNECT_PRIVATE": "127.0.0.1"}


def command(home: Path, *arguments: str) -> tuple[int, Any]:
    """Exit code and answer of a command in this process, or in the server of its home."""
    result = CliRunner(env=environment(home)).invoke(main, [*arguments, "--json"])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, json.loads(result.stdout)


class Company:
    """A home without a server, and a head office with one that is killed and started again."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in PRIVATE.items():
            monkeypatch.setenv(name, value)
        self.folder, self.home, self.office = folder, folder / "home", folder / "office"
        self.server = Server(self.office)

    def kill_office(self) -> None:
        self.server.stop(signal.SIGKILL)
        self.server = Server(self.office)

    def ingest(self, name: str, *numbers: int) -> None:
        path = self.folder / f"{name}.csv"
        path.write_text(sales(*numbers), encoding="utf-8")
        assert command(self.home, "ingest", str(path), "--region", "online-retail-uk")[0] == 0

    def start_sync(self, address: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [TILLSTREAM, "sync", "--to", address, "--once", "--json"],
            env=environment(self.home),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def sync(self, address: str = "") -> tuple[int, Any]:
        return command(self.home, "sync", "--to", address or self.address, "--once")

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def check_agreement(self) -> None:
        code, synced = self.sync()
        assert (code, synced["differing"]) == (0, []), synced
        (home,) = command(self.office, "sync", "homes", "list")[1]
        assert (home["agreed_number"], home["missing_settlements"]) == (synced["number"], 0)
        assert kpis(self.home) == kpis(self.office)


def kpis(home: Path) -> dict[str, Any]:
    row: dict[str, Any] = command(home, "query", "kpis")[1]["rows"][0]
    return {name: row[name] for name in ("lines", "revenue", "units", "orders")}


@pytest.fixture
def company(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    both = Company(tmp_path, monkeypatch)
    key = command(both.home, "sync", "init")[1]["public_key"]
    assert command(both.office, "sync", "homes", "add", "berlin-1", key)[0] == 0
    yield both
    both.server.stop(signal.SIGKILL)


@pytest.mark.parametrize("files", [2, *in_long_proofs(8)])
def test_kills_on_both_sides_end_in_agreement(company: Company, files: int) -> None:
    """The home is killed after some requests of a sync, the head office after every other one."""
    rng = Random(5)
    for number in range(files):
        company.ingest(f"f{number}", 2 * number, 2 * number + 1)
        proxy = CuttingProxy(company.server.port, rng, 0.3)
        process = company.start_sync(proxy.address)
        kill_after(rng.randint(1, 5), proxy, process)
        if number % 2:
            company.kill_office()
        process.kill()
        process.wait(60)
        proxy.close()
    company.check_agreement()
    assert kpis(company.office)["lines"] == 2 * files


def kill_after(requests: int, proxy: CuttingProxy, process: subprocess.Popen[bytes]) -> None:
    """Wait for so many connections of a sync, or for its end."""
    wait_for(lambda: proxy.accepted >= requests or process.poll() is not None, "a sync", patience=120)


def test_a_home_restored_from_its_backup_gets_back_what_it_lost(company: Company) -> None:
    company.ingest("before", 1, 2)
    assert company.sync()[0] == 0
    backup = company.folder / "backup.zip"
    assert command(company.home, "backup", str(backup))[0] == 0
    company.ingest("lost", 3, 4)
    assert company.sync()[0] == 0
    shutil.rmtree(company.home)
    assert command(company.home, "restore", str(backup))[0] == 0
    company.ingest("since", 5)
    code, synced = company.sync()
    assert (code, synced["recovered"]) == (0, 1)
    company.kill_office()
    company.check_agreement()
    assert kpis(company.office)["lines"] == 5
