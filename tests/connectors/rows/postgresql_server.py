"""A real PostgreSQL server for a test session, with a database for each test."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from emulator_fixtures import require

FOLDERS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
FAST = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off"
PASSWORD = "correct horse"
RULES = """local all all trust
hostssl all tls_only 127.0.0.1/32 scram-sha-256
host all tls_only 127.0.0.1/32 reject
host all all 127.0.0.1/32 scram-sha-256
"""


@dataclass(frozen=True)
class Server:
    port: int
    folder: Path

    def connect(self, database: str = "postgres") -> "psycopg.Connection[Any]":
        return psycopg.connect(f"host={self.folder} port={self.port} user=postgres dbname={database}", autocommit=True)


@dataclass(frozen=True)
class Shop:
    """A database of its own. run: a statement as its owner; url: for the connector."""

    server: Server
    name: str

    @property
    def url(self) -> str:
        return f"postgresql://127.0.0.1:{self.server.port}/{self.name}"

    def connect(self) -> "psycopg.Connection[Any]":
        return self.server.connect(self.name)

    def run(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    require("" if FOLDERS else "PostgreSQL is not installed")
    folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir="/tmp"))
    try:
        yield from _serve(folder, FOLDERS[-1])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _serve(folder: Path, programs: Path) -> Iterator[Server]:
    user = []
    if os.geteuid() == 0:  # PostgreSQL does not run as root
        shutil.chown(folder, "nobody")
        user = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def call(program: str, *options: str | Path) -> None:
        subprocess.run([*user, programs / program, *options], check=True, stdout=subprocess.DEVNULL, cwd=folder)

    data = folder / "data"
    call("initdb", "-D", data, *["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"])
    (data / "pg_hba.conf").write_text(RULES, encoding="utf-8")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 {FAST}"
    call("pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    try:
        server = Server(port, folder)
        with server.connect() as connection:
            for role in ("reader", "tls_only"):
                connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}'")
        yield server
    finally:
        call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture
def shop(postgresql_server: Server) -> Iterator[Shop]:
    name = f"shop_{uuid4().hex}"
    with postgresql_server.connect() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'")
        shop = Shop(postgresql_server, name)
        shop.run("ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader")
        yield shop
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
