"""The locks of the engine hold by themselves: statements run as they are, without the check, and without the wall."""

import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from corpus import ESCAPES
from escape import Escape

from tillstream.adapters.local.duckdb import extract_queries

SECRET = "the-secret-of-the-home"
OF_THE_SERVER = "a-variable-of-the-server"
NOT_OF_THE_ENGINE = {"memory", "crash"}
"""What the limits of the process hold, and the check."""
WATCHED = ("enable_external_access", "lock_configuration", "allowed_paths", "allowed_directories", "memory_limit")


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("machine") / "server.json"
    path.write_text(SECRET)
    return path


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as opened:
        opened.setblocking(False)
        yield opened


@pytest.fixture
def engine(secret: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = secret.parent / "fact_sales.parquet"
    if not path.exists():
        pq.write_table(pa.table({"region": ["UK"]}), path)
    connection = extract_queries.connect()
    files = {"fact_sales": [str(path)]}
    extract_queries.offer(connection, files)
    extract_queries.lock(connection, files, "256MB", 1)
    yield connection
    connection.close()


@pytest.mark.parametrize(
    "escape", [one for one in ESCAPES if one.duckdb and one.reaches not in NOT_OF_THE_ENGINE], ids=lambda one: one.name
)
def test_no_statement_gets_through(
    engine: duckdb.DuckDBPyConnection,
    secret: Path,
    listener: socket.socket,
    escape: Escape,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TILLSTREAM_SECRET", OF_THE_SERVER)
    before, settings = _files(secret.parent), _settings(engine)
    text = escape.filled(escape.duckdb, str(secret), "/etc/passwd", listener.getsockname()[1])
    try:
        engine.execute(text)
        answer = repr(engine.fetchall()) if engine.description else ""
    except (duckdb.Error, ValueError) as error:
        answer = str(error)
    assert SECRET not in answer
    assert OF_THE_SERVER not in answer
    assert Path("/etc/passwd").read_text().splitlines()[0] not in answer
    assert (_files(secret.parent), _settings(engine)) == (before, settings)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_the_offered_table_can_be_read(engine: duckdb.DuckDBPyConnection) -> None:
    assert engine.execute("SELECT region FROM fact_sales").fetchall() == [("UK",)]


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _settings(engine: duckdb.DuckDBPyConnection) -> list[object]:
    texts = ", ".join(f"current_setting('{name}')" for name in WATCHED)
    return engine.execute(f"SELECT {texts}").fetchall()
