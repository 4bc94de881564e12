"""Measure store sales on a home, through a running server."""

import json
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from bench.ingest import environment
from bench.server import ADDRESS, Server, served
from bench.stores import sales
from bench.stores.sales import Total
from tillstream.app import build
from tillstream.people import store_credentials
from tillstream.settings import Settings

PROBE = "PROBE"
PATIENCE = 600
POLL = 0.1
BETWEEN_PROBES = 0.5
KILL_AFTER = 15


@dataclass(frozen=True)
class Load:
    """What happened while stores sent. rate: accepted sales a second; latencies in seconds; memory in MB."""

    rate: float
    median: float
    p95: float
    catch_up: float
    """Seconds from the last acknowledgement until everything counted."""
    cpu: float
    """Seconds of the processor that the server's last run took for each accepted sale, until all counted."""
    sender_cpu: float
    """Share of the processor's two cores that the sender took."""
    memory: tuple[float, float]
    """Of the server after a quarter of its last run, when it has done everything once, and at its end."""
    difference: Total
    """Sales and units that are too many; negative if some are missing."""


def tokens_of(home: Path) -> Path:
    """A file with a token for each store, and for the probe."""
    file = home.parent / f"{home.name}-tokens.json"
    if not file.exists():
        app = build(Settings(home=home))
        names = [*map(sales.store, range(sales.STORES)), PROBE]
        tokens = {
            name: store_credentials.issue_store_token(app.ports, "Bench", name, "bench", "bench")[1] for name in names
        }
        app.close()
        file.write_text(json.dumps(tokens), encoding="utf-8")
    return file


def under_load(
    home: Path, run: str, arguments: Sequence[str], seconds: float, kills: int = 0, *, every: float = KILL_AFTER
) -> Load:
    """Let another process send, kill the server `kills` times meanwhile, and compare the totals at the end.

    seconds: after the last kill; every: seconds from a start of the server until it is killed.
    """
    tokens = tokens_of(home)
    sender = None
    for _ in range(kills):
        with served(home) as server:
            sender = sender or _send(home, run, arguments, tokens)
            time.sleep(every)
            os.kill(server.pid, signal.SIGKILL)
    with served(home) as server:
        sender = sender or _send(home, run, arguments, tokens)
        used, at_start = cpu_of(server.pid), time.time()
        probe = json.loads(tokens.read_text())[PROBE]
        seen = _latencies(server, probe, f"{run} probe", time.monotonic() + seconds)
        probes = [(latency, memory_of(server.pid)) for latency in seen]
        latencies = sorted(latency for latency, _ in probes)
        sender.terminate()
        done, started = json.loads(sender.communicate()[0]), time.time()
        expected = sales.expected(run, done["counts"], own_stores=any("size" in one for one in arguments))
        difference = until_counted(server, run, expected)
        catch_up = time.time() - started
        used = cpu_of(server.pid) - used
    rate = done["accepted"] / done["seconds"]
    return Load(
        rate=rate,
        median=statistics.median(latencies),
        p95=latencies[int(0.95 * len(latencies))],
        catch_up=catch_up,
        cpu=used / max(rate * min(done["seconds"], started - at_start), 1),
        sender_cpu=done["cpu"] / done["seconds"] / (os.cpu_count() or 1),
        memory=(probes[len(probes) // 4][1], probes[-1][1]),
        difference=difference,
    )


@dataclass(frozen=True)
class Backlog:
    """rate: sales settled a second; cpu: seconds of the processor for each; memory: greatest of the server, in MB."""

    rate: float
    cpu: float
    memory: float
    difference: Total


def backlog(home: Path, run: str, count: int) -> Backlog:
    """Queue sales while no server runs, and measure how fast they are settled once one does."""
    sender = _send(home, run, ["bus", "--count", str(count)], tokens_of(home))
    done = json.loads(sender.communicate()[0])
    total = sales.expected(run, done["counts"])
    with served(home) as server:
        started = time.time()
        difference = until_counted(server, run, total)
        rate = count / (time.time() - started)
        return Backlog(rate, cpu_of(server.pid) / count, peak_memory_of(server.pid), difference)


def _send(home: Path, run: str, arguments: Sequence[str], tokens: Path) -> subprocess.Popen[bytes]:
    way, *options = arguments
    command = [sys.executable, "-m", "bench.stores.load", way, run, "--tokens", str(tokens), "--home", str(home)]
    sender = subprocess.Popen([*command, *options], env=environment(home), stdout=subprocess.PIPE, bufsize=0)
    assert sender.stdout
    sender.stdout.readline()  # it can be terminated now, and prints what it sent
    return sender


def _latencies(server: Server, token: str, run: str, until: float) -> Iterator[float]:
    """Yield the seconds from the first byte of a sale until its units are in the key figures; at least once."""
    units, number = 0, 0
    while not number or time.monotonic() < until:
        number += 1
        message = sales.made(run, 0, number, PROBE, 1, 1)
        started = time.perf_counter()
        urlopen(Request(f"{ADDRESS}/api/sales", message.body, _headers(token))).close()
        units += 1
        _wait_until(server, run, Total(units, units))
        yield time.perf_counter() - started
        time.sleep(BETWEEN_PROBES)


def until_counted(server: Server, run: str, total: Total) -> Total:
    """Wait until a run has its sales; return what there is more than expected."""
    counted = _wait_until(server, run, total)
    return Total(counted.sales - total.sales, counted.units - total.units)


def _wait_until(server: Server, run: str, total: Total) -> Total:
    until = time.monotonic() + PATIENCE
    while (counted := _total(server, run)) != total and counted.sales <= total.sales and time.monotonic() < until:
        time.sleep(POLL)
    return counted


def _total(server: Server, run: str) -> Total:
    address = f"{ADDRESS}/api/kpis?category={run.replace(' ', '%20')}"
    try:
        with urlopen(Request(address, headers=_headers(server.token))) as response:
            figures = json.loads(response.read())
    except HTTPError as error:
        if error.code != 400:  # the category is of no sale yet
            raise
        return Total(0, 0)
    return Total(figures["lines"], int(float(figures["units"] or 0)))


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def cpu_of(pid: int) -> float:
    """Seconds of the processor that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    """Megabytes of a process."""
    return _memory(pid, "VmRSS")


def peak_memory_of(pid: int) -> float:
    """The most megabytes that a process has had."""
    return _memory(pid, "VmHWM")


def _memory(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition(f"{name}:")[2].split()[0]) / 1024
