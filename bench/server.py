"""A server on a home, and an administrator who may use it."""

import os
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

from bench.ingest import TILLSTREAM, environment
from tillstream.app import build
from tillstream.model.permissions import Role
from tillstream.people import accounts, personal_tokens
from tillstream.settings import Settings

PORT = int(os.environ.get("BENCH_PORT", "8974"))
"""Of the measured server; another one for measurements at the same time."""
ADDRESS = f"http://127.0.0.1:{PORT}"
PATIENCE = 60
"""Seconds in which a server must answer."""
SETTINGS = {"TILLSTREAM_LOG_LEVEL": "error", "TILLSTREAM_API_RATE": "100000 per minute"}


@dataclass(frozen=True)
class Server:
    """A running server, with its process, and the name, password, and API token of its administrator."""

    login: str
    password: str
    token: str
    pid: int = 0


@contextmanager
def served(home: Path) -> Iterator[Server]:
    """Run a server until the end of the block."""
    server = _with_account(home)
    command = [TILLSTREAM, "serve", "--port", str(PORT), "--no-open"]
    with subprocess.Popen(command, env=environment(home) | SETTINGS, stdout=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready()
            yield replace(server, pid=process.pid)
        finally:
            process.terminate()


def _with_account(home: Path) -> Server:
    login, password = f"bench-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    app = build(Settings(home=home))
    try:
        accounts.add_account(app.ports, login, "Bench", Role.ADMIN, password=password)
        _, token = personal_tokens.issue_personal_token(
            app.ports, login, "bench", ("numbers", "uploads", "upload"), by=login
        )
    finally:
        app.close()
    return Server(login, password, token)


def _wait_until_ready() -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            urlopen(f"{ADDRESS}/healthz", timeout=PATIENCE).close()
        except HTTPError:
            raise
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
