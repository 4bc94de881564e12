"""Cloud Run's API for jobs on one machine: a call that starts a run starts a process of the same command."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from devtools.emulators import HERE, HOST
from infra.jobs import JOBS

COMMAND = "from tillstream.cli.main import script; script()"
STOP_WITHIN = 5.0
"""Seconds for a process to stop before it is killed."""


class LocalJobs:
    """Starts the jobs of `infra/jobs.py` as processes. Their output is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.variables: Mapping[str, str] = {}
        """Environment of the processes."""
        self.processes: list[subprocess.Popen[bytes]] = []
        self._folder = folder

    def start(self, name: str) -> bool:
        """False if there is no such job."""
        job = next((one for one in JOBS if one.name == name), None)
        if job is None:
            return False
        with (self._folder / f"job-{name}.log").open("ab") as out:
            self.processes.append(
                subprocess.Popen(
                    [sys.executable, "-c", COMMAND, *job.arguments],
                    env={**os.environ, **self.variables, "PYTHONPATH": str(HERE)},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                )
            )
        return True

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_WITHIN)
            process.kill()
            process.wait()


@contextmanager
def served(jobs: LocalJobs) -> Iterator[str]:
    """Serve `POST …/jobs/NAME:run` within the block; the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            name, _, verb = self.path.rpartition("/")[2].partition(":")
            is_started = verb == "run" and jobs.start(name)
            self.send_response(200 if is_started else 404)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, name="local-jobs")
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        jobs.stop()
