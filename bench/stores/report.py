"""The section of the report about store sales."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from bench.report import FLOOR, floor, table
from bench.stores import measure, soak
from bench.stores.measure import Backlog, Load
from bench.stores.sales import STORES
from bench.stores.soak import Soak


@dataclass(frozen=True)
class Effort:
    """Seconds, messages and micro-batches to measure with. rate: messages a second; size: messages of a batch."""

    history: str
    seconds: int
    rate: int
    size: int
    backlog: int
    micro_batches: int
    kills: int
    kill_every: float = measure.KILL_AFTER


TINY = Effort("no", seconds=3, rate=200, size=50, backlog=2_000, micro_batches=40, kills=1, kill_every=1.5)
SHORT = Effort("a million", seconds=20, rate=1_000, size=200, backlog=20_000, micro_batches=200, kills=0)
FULL = Effort("ten million", seconds=120, rate=1_000, size=200, backlog=1_000_000, micro_batches=5_000, kills=2)
EFFORTS = {"tiny": TINY, "short": SHORT, "full": FULL}
LOADS = {
    "posts": "posts of one sale",
    "batches": "posts of batches",
    "queue": "published to the queue",
    "posts-most": "posts of one sale, as many as are acknowledged",
    "batches-most": "posts of batches, as many as are acknowledged",
}
MODES = (*LOADS, "backlog", "soak")


@dataclass(frozen=True)
class Stores:
    effort: Effort
    loads: dict[str, Load]
    backlog: Backlog | None
    soak: Soak | None


def measure_stores(home: Path, effort: Effort, modes: Collection[str] = MODES) -> Stores:
    """Measure some of `MODES` on a home. The server is killed meanwhile only where sales are sent at a rate."""
    loads = {mode: _load(home, mode, effort) for mode in LOADS if mode in modes}
    backlog = measure.backlog(home, "backlog", effort.backlog) if "backlog" in modes else None
    return Stores(effort, loads, backlog, soak.measure(home, effort.micro_batches) if "soak" in modes else None)


def _load(home: Path, mode: str, effort: Effort) -> Load:
    name, _, most = mode.partition("-")
    arguments = ["bus" if name == "queue" else "post"]
    arguments += ["--size", str(effort.size)] if name == "batches" else []
    if most:
        return measure.under_load(home, mode, arguments, effort.seconds)
    arguments += ["--rate", str(effort.rate)]
    return measure.under_load(home, mode, arguments, effort.seconds, effort.kills, every=effort.kill_every)


def section(stores: Stores) -> str:
    effort = stores.effort
    loads = [
        [
            LOADS[mode],
            f"{load.rate:,.0f}",
            f"{load.median:.2f}",
            f"{load.p95:.2f}",
            f"{load.catch_up:.1f}",
            f"{1e6 * load.cpu:,.0f}",
            f"{load.sender_cpu:.0%}",
        ]
        for mode, load in stores.loads.items()
    ]
    header = ["what", "accepted /s", "seen after s, median", "p95", "rest s", "processor µs a sale", "sender"]
    return (
        f"## Store sales at {effort.history} lines\n\n"
        f"{STORES} simulated stores send to a running server: 5% of the messages are repeats, 5% older versions that "
        f"come late, 1% no sales; batches have {effort.size:,} messages. Where they are sent at {effort.rate:,} a "
        f"second, the server is killed {effort.kills} times first; it is measured for {effort.seconds} s after that. A "
        "sale of another store is seen when the key figures have it. The rest is what remains to be counted after the "
        "last response. The sender and the server share the machine: its column is the share of all cores that it "
        "takes.\n\n"
        + (table(header, loads) + "\n" if loads else "")
        + table(FLOOR, _floors(stores))
        + (_files(stores.soak) if stores.soak else "")
    )


def _floors(stores: Stores) -> list[list[str]]:
    effort, backlog = stores.effort, stores.backlog
    rows = []
    for mode, load in stores.loads.items():
        if mode.endswith("-most"):
            continue
        memory = load.memory[1] / load.memory[0]
        # One in a hundred is no sale, and a response that is on its way at the end takes time.
        rows += [
            floor(f"{LOADS[mode]}, at least {effort.rate:,} messages a second, less 2%", load.rate,
                  least=0.98 * effort.rate, unit="/s"),
            floor(f"{LOADS[mode]}: until seen, p95 at most 1 s", load.p95, most=1, unit="s"),
            floor(f"{LOADS[mode]}: memory of the server, last against a quarter, at most 1.5 ×", memory, most=1.5),
        ]  # fmt: skip
    if backlog:
        rows.append(
            floor(f"{effort.backlog:,} queued sales settled, at least 30,000 a second", backlog.rate, least=30_000,
                  unit="/s")
        )  # fmt: skip
        rows.append(["processor for each of these", f"{1e6 * backlog.cpu:,.0f} µs", ""])
        rows.append(["memory of the server meanwhile", f"{backlog.memory:,.0f} MB", ""])
    differences = [load.difference for load in stores.loads.values()] + ([backlog.difference] if backlog else [])
    if differences:
        wrong = sum(abs(one.sales) + abs(one.units) for one in differences)
        rows.append(floor("lost or counted twice: none", wrong, most=0, unit=""))
    return rows + (_soak_floors(stores.soak) if stores.soak else [])


def _soak_floors(small: Soak) -> list[list[str]]:
    return [
        floor("the last micro-batches against the first, at most 1.2 ×",
              small.last.micro_batch / small.first.micro_batch, most=1.2),
        floor("the list of uploads after the last, at most 1.2 ×", small.last.page / small.first.page, most=1.2),
    ]  # fmt: skip


def _files(small: Soak) -> str:
    """The folder's growth, and the seconds of a micro-batch."""
    files = (small.last.files - small.first.files) / (0.9 * small.micro_batches)
    megabytes = (small.last.megabytes - small.first.megabytes) / (0.9 * small.micro_batches)
    return (
        f"\nAmong {small.micro_batches:,} micro-batches of one sale, each takes {1e3 * small.last.micro_batch:.0f} ms "
        f"and leaves {files:.1f} files with {1e3 * megabytes:.1f} KB.\n"
    )
