"""A till in a folder of its own, and a server that it sends to."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from store_server import Store, StoreServer

from tillstream_till import Till, cli
from tillstream_till.setup_code import encode

OpenTill = Callable[..., Till]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def server() -> Iterator[StoreServer]:
    server = StoreServer()
    server.store.new_key("k1")
    yield server
    server.stop()


@pytest.fixture
def store(server: StoreServer) -> Store:
    return server.store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "till"


@pytest.fixture
def markers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TILLSTREAM_TILL_MARKERS", str(tmp_path / "markers"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "markers"


@pytest.fixture
def till(server: StoreServer, folder: Path, markers: Path) -> Iterator[Till]:
    with Till.init(folder, encode(server.setup())) as till:
        yield till


@pytest.fixture
def run(folder: Path, markers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code and output of a command; the last argument may be standard input."""

    def run_command(*arguments: str, stdin: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        monkeypatch.setenv("TILLSTREAM_TILL_FOLDER", str(folder))
        capsys.readouterr()
        code = cli.main(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out + captured.err

    return run_command


@pytest.fixture
def ready(run: Run, server: StoreServer) -> Run:
    assert run("init", stdin=encode(server.setup()))[0] == 0
    return run
