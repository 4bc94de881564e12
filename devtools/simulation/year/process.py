"""The server of the simulated company: started, ended at any moment, and used through its commands."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from tillstream.app.local import local_home_folder
from tillstream.commands.client import send_command
from tillstream.commands.result import quiet
from tillstream.model.errors import Unavailable
from tillstream.settings import Settings

PATIENCE = 300.0
"""Seconds until a start, or an answer, counts as failed."""
TICKS = os.sysconf("SC_CLK_TCK")
UNFINISHED = re.compile(
    r'^tillstream_(?:queue_messages{queue="[^"]*",state="(?:ready|leased|delayed)"}'
    r'|batches{state="(?!announced|undone|held|settled)[^"]*"}) (?!0\.0)[^\n]*$',
    re.MULTILINE,
)
"""Metrics of queues with messages, and of batches that are not settled."""
Lost = (Unavailable, PermissionError, ConnectionError)
"""What a command raises if the server ended."""


@dataclass
class Used:
    """What servers used. seconds: of the processor. written: bytes."""

    seconds: float = 0.0
    written: int = 0


class Process:
    """The server on a home; `commands` start it again after it has ended."""

    def __init__(self, home: Path, clock: Path) -> None:
        self.home, self.clock = home, clock
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.starts = 0
        self._ended = Used()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """The environment of the server and of commands on its home. Compiled modules are kept, for fast starts."""
        own = {
            "HOME": str(self.home),
            "PORT": str(self.port),
            "SAMPLES": "false",
            "FORECAST_HOUR": "-1",
            "REPORTING_CURRENCY": "EUR",
            "LOG_LEVEL": "error",
            "THREADS": "1",
            "METRICS": "true",
        }
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return kept | {f"TILLSTREAM_{name}": value for name, value in own.items()}

    def start(self) -> None:
        """Start the server, and wait until it answers. Raises `TimeoutError`."""
        with self._lock:
            if self._process and self._process.poll() is None:
                return
            self.starts += 1
            command = [sys.executable, "-m", "devtools.simulation.year.server", str(self.clock)]
            with (self.home.parent / "server.log").open("ab") as log:
                self._process = subprocess.Popen(command, env=self.environment(), stdout=log, stderr=log)
            deadline = time.monotonic() + PATIENCE
            while not self._is_up():
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self.home.parent / "server.log").read_text(errors="replace")
                    raise TimeoutError(f"The server did not start: {log_text[-2000:]}")
                time.sleep(0.02)

    def _is_up(self) -> bool:
        server = local_home_folder(Settings(home=self.home)).find_server()
        return bool(server and self._process and server.pid == self._process.pid)

    def kill(self) -> None:
        """End the server in the middle of its work, as a power cut does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the server as a service manager does."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.poll() is not None:
            return
        used = _used(process.pid)
        process.send_signal(how)
        process.wait(PATIENCE)
        self._ended = Used(self._ended.seconds + used.seconds, self._ended.written + used.written)

    def used(self) -> Used:
        """What all servers used until now."""
        running = self._process is not None and self._process.poll() is None
        now = _used(self._process.pid) if running and self._process else Used()
        return Used(self._ended.seconds + now.seconds, self._ended.written + now.written)

    # ---- commands

    def command(self, name: str, /, **arguments: Any) -> Any:
        """The data of a command. Raises `Lost` if the server ends meanwhile, and `Rejected`."""
        settings = Settings(home=self.home)
        server = local_home_folder(settings).find_server()
        if server is None:
            raise ConnectionError("The server has ended.")
        return send_command(settings, server, name, arguments, quiet).data

    def unfinished(self) -> list[str]:
        """Metrics of what is not finished; the command `status` computes key figures as well, which takes longer."""
        while True:
            self.start()
            try:
                with urllib.request.urlopen(f"{self.address}/metrics", timeout=PATIENCE) as response:
                    return UNFINISHED.findall(response.read().decode())
            except OSError:
                time.sleep(0.05)

    def until_done(self, name: str, /, **arguments: Any) -> Any:
        """The data of a command, which is sent again if the server ended. Raises `Rejected`."""
        while True:
            self.start()
            try:
                return self.command(name, **arguments)
            except Lost:
                time.sleep(0.05)

    def frame(
        self,
        kind: str,
        *names: str,
        by: tuple[str, ...] = (),
        limit: int = 0,
        days: tuple[date, date] | None = None,
        **params: str,
    ) -> pa.Table:
        """Rows of a query (kind: query), of measures, or of sale lines (kind: sales), as columns.

        days: the first and the last one.
        """
        with tempfile.TemporaryDirectory() as temporary:
            out = str(Path(temporary) / "rows.arrow")
            between = {"from": days[0].isoformat(), "to": days[1].isoformat()} if days else {}
            chosen = {name: [value] for name, value in (params | between).items()}
            self.until_done("frame", kind=kind, names=names, by=by, params=chosen, limit=limit, out=out)
            with pa.OSFile(out) as file, pa.ipc.open_stream(file) as stream:
                return stream.read_all()

    def tillstream(self, *arguments: str) -> str:
        """The output of a command on the terminal. Raises `RuntimeError` if it fails."""
        command = [sys.executable, "-c", "from tillstream.cli.start import script; script()", *arguments]
        ended = subprocess.run(command, env=self.environment(), capture_output=True, text=True, check=False)
        if ended.returncode:
            raise RuntimeError(f"tillstream {' '.join(arguments)}: {ended.stdout} {ended.stderr}")
        return ended.stdout


def _used(pid: int) -> Used:
    """Processor time and bytes written of a process and the processes that it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        lines = Path(f"/proc/{pid}/io").read_text().splitlines()
    except OSError:
        return Used()
    written = next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))
    return Used(sum(map(int, fields[11:15])) / TICKS, written)
