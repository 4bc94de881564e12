"""The section of the report about store sales."""

from dataclasses import dataclass
from pathlib import Path

from bench.report import FLOOR, floor, table
from bench.stores import measure, soak
from bench.stores.measure import Load
from bench.stores.sales import STORES, Total
from bench.stores.soak import Soak


@dataclass(frozen=True)
class Effort:
    """Seconds, messages and micro-batches to measure with."""

    history: str
    seconds: int
    rate: int
    backlog: int
    micro_batches: int
    kills: int


SHORT = Effort("a million", seconds=20, rate=1_000, backlog=20_000, micro_batches=200, kills=0)
FULL = Effort("ten million", seconds=120, rate=1_000, backlog=1_000_000, micro_batches=5_000, kills=2)


@dataclass(frozen=True)
class Stores:
    effort: Effort
    posts: Load
    queue: Load
    backlog_rate: float
    backlog_difference: Total
    soak: Soak


def measure_stores(home: Path, effort: Effort) -> Stores:
    seconds = ["--seconds", str(effort.seconds)]
    posts = measure.under_load(home, "posts", ["post", *seconds], effort.kills)
    queue = measure.under_load(home, "queue", ["bus", *seconds, "--rate", str(effort.rate)], effort.kills)
    rate, difference = measure.backlog(home, "backlog", effort.backlog)
    return Stores(effort, posts, queue, rate, difference, soak.measure(home, effort.micro_batches))


def section(stores: Stores) -> str:
    effort, posts, queue, small = stores.effort, stores.posts, stores.queue, stores.soak
    wrong = [posts.difference, queue.difference, stores.backlog_difference]
    floors = [
        floor("posts of one sale acknowledged, at least 1,000 a second", posts.rate, least=1_000, unit="/s"),
        floor("published to the queue meanwhile, at least 1,000 a second", queue.rate, least=1_000, unit="/s"),
        floor("from a post to the total, among these posts, median", posts.median, unit="s"),
        floor("the same, p95 at most 1 s", posts.p95, most=1, unit="s"),
        floor("from a post to the total, beside the queue, median", queue.median, unit="s"),
        floor("the same, p95 at most 1 s", queue.p95, most=1, unit="s"),
        floor(f"{effort.backlog:,} queued sales settled, at least 30,000 a second", stores.backlog_rate,
              least=30_000, unit="/s"),
        floor("lost or counted twice: none", sum(abs(one.sales) + abs(one.units) for one in wrong), most=0, unit=""),
        floor("memory of the server, last against first, at most 1.5 ×", posts.memory[1] / posts.memory[0], most=1.5),
        floor("the last micro-batches against the first, at most 1.2 ×",
              small.last.micro_batch / small.first.micro_batch, most=1.2),
        floor("the list of uploads after the last, at most 1.2 ×", small.last.page / small.first.page, most=1.2),
    ]  # fmt: skip
    files = (small.last.files - small.first.files) / (0.9 * small.micro_batches)
    return (
        f"## Store sales at {effort.history} lines\n\n"
        f"{STORES} simulated stores send for {effort.seconds} s to a running server: 5 % of the messages are repeats, "
        f"5 % older versions that come late, 1 % no sales; the server is killed {effort.kills} times. The sender and "
        "the server share the machine. Latency is that of a sale of another store, until the key figures have it.\n\n"
        + table(FLOOR, floors)
        + f"\nAmong {small.micro_batches:,} micro-batches of one sale, each leaves {files:.1f} files.\n"
    )
