"""Small files: a command from the start of its process, and an upload to a running server until its lines count."""

import base64
import json
import secrets
import shutil
import statistics
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.ingest import TILLSTREAM, environment, file_of, ingest
from bench.process import Figures
from tillstream.app import build
from tillstream.domain.people import Role
from tillstream.people import accounts, personal_tokens
from tillstream.settings import Settings

PORT = 8975
LOGIN = "bench"
FEW, MORE = 20, 1_000
POLL, PATIENCE = 0.01, 30


@dataclass(frozen=True)
class Small:
    command: Figures
    """`tillstream ingest` of 20 rows into an existing home."""
    visible: float
    """Median seconds from the upload of 1,000 rows to a server until they are in its key figures."""


def measure(work: Path, runs: int = 9) -> Small:
    home = work / "small"
    ingest(file_of(work, FEW), home)
    command = Figures(tuple(ingest(file_of(work, FEW, (1 + number) * FEW), home) for number in range(runs)))
    files = [file_of(work, MORE, 1_000_000 + number * MORE) for number in range(1 + runs)]
    with _served(home) as server:
        _, *seconds = [_until_visible(server, file) for file in files]
    shutil.rmtree(home)
    return Small(command, statistics.median(seconds))


@dataclass(frozen=True)
class _Server:
    token: str

    def call(
        self, method: str, address: str, data: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[Any, HTTPMessage]:
        all_headers = {"Authorization": f"Bearer {self.token}", "Tus-Resumable": "1.0.0"} | (headers or {})
        request = urllib.request.Request(f"http://127.0.0.1:{PORT}{address}", data, all_headers, method=method)
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            body = response.read()
            return (json.loads(body) if body else None), response.headers

    def lines(self) -> int:
        return int(self.call("GET", "/api/kpis")[0]["lines"])


@contextmanager
def _served(home: Path) -> Iterator[_Server]:
    app = build(Settings(home=home))
    try:
        accounts.add(app.ports, LOGIN, "Bench", Role.ADMIN, password=secrets.token_urlsafe(24))
        rights = ("numbers", "uploads", "upload")
        _, token = personal_tokens.issue(app.ports, LOGIN, "bench", rights, by=LOGIN)
    finally:
        app.close()
    command = [TILLSTREAM, "serve", "--port", str(PORT), "--no-open"]
    settings = {"TILLSTREAM_LOG_LEVEL": "error", "TILLSTREAM_API_RATE": "100000 per minute"}
    with subprocess.Popen(command, env=environment(home) | settings, stdout=subprocess.DEVNULL) as process:
        try:
            server = _Server(token)
            _wait_until_ready(server)
            yield server
        finally:
            process.terminate()


def _wait_until_ready(server: _Server) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            server.lines()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _until_visible(server: _Server, file: Path) -> float:
    """Seconds from the first request of the upload until its lines are in the key figures."""
    content, before = file.read_bytes(), server.lines()
    fields = {"filename": file.name, "contract": "bench"}
    metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items())
    started = time.perf_counter()
    _, headers = server.call(
        "POST", "/api/uploads", b"", {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    )
    part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    server.call("PATCH", urlsplit(headers["Location"]).path, content, part)
    while server.lines() < before + MORE:
        if time.perf_counter() - started > PATIENCE:
            raise RuntimeError(f"{file.name} is not counted after {PATIENCE} s.")
        time.sleep(POLL)
    return time.perf_counter() - started
