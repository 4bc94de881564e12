"""Small files: a command from the start of its process, and an upload to a running server until its lines count."""

import base64
import json
import shutil
import statistics
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.ingest import file_of, ingest
from bench.process import Figures
from bench.server import ADDRESS, PATIENCE, Server, served

FEW, MORE = 20, 1_000
POLL = 0.01


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
    with served(home) as server:
        _, *seconds = [_until_visible(server, file) for file in files]
    shutil.rmtree(home)
    return Small(command, statistics.median(seconds))


def _call(
    server: Server, method: str, path: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[Any, HTTPMessage]:
    all_headers = {"Authorization": f"Bearer {server.token}", "Tus-Resumable": "1.0.0"} | (headers or {})
    request = urllib.request.Request(f"{ADDRESS}{path}", data, all_headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as response:
        body = response.read()
        return (json.loads(body) if body else None), response.headers


def _lines(server: Server) -> int:
    return int(_call(server, "GET", "/api/kpis")[0]["lines"])


def _until_visible(server: Server, file: Path) -> float:
    """Seconds from the first request of the upload until its lines are in the key figures."""
    content, before = file.read_bytes(), _lines(server)
    fields = {"filename": file.name, "contract": "bench"}
    metadata = ",".join(f"{name} {base64.b64encode(text.encode()).decode()}" for name, text in fields.items())
    started = time.perf_counter()
    _, headers = _call(
        server, "POST", "/api/uploads", b"", {"Upload-Length": str(len(content)), "Upload-Metadata": metadata}
    )
    part = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    _call(server, "PATCH", urlsplit(headers["Location"]).path, content, part)
    while _lines(server) < before + MORE:
        if time.perf_counter() - started > PATIENCE:
            raise RuntimeError(f"{file.name} is not counted after {PATIENCE} s.")
        time.sleep(POLL)
    return time.perf_counter() - started
