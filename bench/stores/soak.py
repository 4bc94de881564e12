"""Many small micro-batches, and whether the last ones cost as much as the first."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path

from bench.portal import get, sign_in, until_quiet
from bench.server import served
from bench.stores import sales
from tillstream.app import App, build
from tillstream.intake import store_sales
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.operations import inbox_upkeep
from tillstream.pipeline.settling import settle
from tillstream.pipeline.staging import stage
from tillstream.ports.bus import Message
from tillstream.settings import Settings

TOGETHER = 20
"""Micro-batches of one settlement."""
PAGE = "/uploads?kind=messages"


@dataclass(frozen=True)
class State:
    """Seconds of a micro-batch and of its share of a settlement; of the list of uploads; files of the home, and MB."""

    micro_batch: float
    page: float
    files: int
    megabytes: float


@dataclass(frozen=True)
class Soak:
    micro_batches: int
    first: State
    last: State


def measure(home: Path, micro_batches: int) -> Soak:
    """Receive and settle micro-batches of one sale."""
    numbers = count(1)
    tenth = micro_batches // 10
    first = _state(home, numbers, tenth)
    _run(home, numbers, micro_batches - 2 * tenth)
    return Soak(micro_batches, first, _state(home, numbers, tenth))


def _state(home: Path, numbers: "count[int]", micro_batches: int) -> State:
    seconds = _run(home, numbers, micro_batches)
    with served(home) as server:
        browser = sign_in(server)
        until_quiet(browser)
        page = statistics.median(_seconds(lambda: get(browser, PAGE)) for _ in range(10))
    sizes = [(Path(folder) / file).stat().st_size for folder, _, files in os.walk(home / "objects") for file in files]
    return State(seconds, page, len(sizes), sum(sizes) / 1e6)


def _run(home: Path, numbers: "count[int]", micro_batches: int) -> float:
    """Return the median seconds of a micro-batch."""
    settings = Settings(home=home)
    app = build(settings.model_copy(update={"memory_limit": settings.server_memory_limit}))
    try:
        seconds = statistics.median(_round(app, numbers) / TOGETHER for _ in range(max(micro_batches // TOGETHER, 1)))
        # The sweep does this once they are an hour old.
        while inbox_upkeep.pack_micro_batches(app.ports, app.contracts, timedelta(0)):
            pass
    finally:
        app.close()
    return seconds


def _round(app: App, numbers: "count[int]") -> float:
    return _seconds(lambda: _settle_together(app, numbers))


def _settle_together(app: App, numbers: "count[int]") -> None:
    for _ in range(TOGETHER):
        message = sales.made("soak", 0, next(numbers), "SOAK", 1, 1)
        app.ports.bus.publish(TOPIC_STORE_SALES, [Message(message.body)])
        store_sales.receive_store_sales(
            app.ports, app.contracts, 1, 0, lambda batch: stage.stage(app.ports, batch.batch_id)
        )
    settle.settle_all(app.ports, app.contracts)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
