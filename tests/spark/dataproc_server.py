"""A stand-in for the API of Dataproc that the real gcloud calls: each batch is a process of Spark on this machine."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Dataproc:
    """start: begins the process of a batch, by its arguments. submitted: name → the batch as gcloud sent it."""

    start: Callable[[list[str]], "subprocess.Popen[str]"]
    submitted: dict[str, dict[str, Any]] = field(default_factory=dict)
    processes: dict[str, "subprocess.Popen[str]"] = field(default_factory=dict)

    def submit(self, name: str, batch: dict[str, Any]) -> tuple[int, Any]:
        if name in self.submitted:
            return 409, _error(409, "ALREADY_EXISTS", f"Already exists: Failed to create batch: Batch {name}")
        self.submitted[name] = batch
        self.processes[name] = self.start(batch["pysparkBatch"]["args"])
        return 200, {"name": "projects/demo/regions/europe-west1/operations/1", "metadata": {}, "done": False}

    def describe(self, name: str) -> tuple[int, Any]:
        if name not in self.processes:
            return 404, _error(404, "NOT_FOUND", f"Not found: Batch {name}")
        code = self.processes[name].poll()
        state = "RUNNING" if code is None else "FAILED" if code else "SUCCEEDED"
        return 200, {"name": name, "state": state, "stateMessage": "" if not code else f"it ended with {code}"}


def _error(code: int, status: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message}}


@contextmanager
def serving(dataproc: Dataproc) -> Iterator[int]:
    """Answer on a free port, which is returned."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (name,) = parse_qs(urlsplit(self.path).query)["batchId"]
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(*dataproc.submit(name, body))

        def do_GET(self) -> None:
            self._answer(*dataproc.describe(urlsplit(self.path).path.rpartition("/")[2]))

        def _answer(self, status: int, answer: Any) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            """Nothing is printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        for process in dataproc.processes.values():
            process.kill()
            process.wait()
