"""Throughput of the local event bus, in batches as the pipeline uses them."""

import tempfile
import time
from pathlib import Path

from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.ports.bus import Message

BODY = b'{"event":"sale.changed","key":"IN|s01/000123|p77#1","kind":"new","settlement_no":42,"net_amount":"129.9"}'


def publish_rate(messages: int = 200_000, batch: int = 1_000) -> float:
    """Messages per second through `publish`; each batch is durable before the next."""
    with tempfile.TemporaryDirectory() as folder:
        bus = SQLiteEventBus(Path(folder) / "bus.db", SystemClock())
        bus.subscribe("topic", "subscription")
        started = time.perf_counter()
        for _ in range(messages // batch):
            bus.publish("topic", [Message(BODY, {"event_id": "0123456789abcdef"})] * batch)
        rate = messages / (time.perf_counter() - started)
        bus.close()
    return rate


def receive_rate(messages: int = 100_000, batch: int = 500) -> float:
    """Messages per second through `pull` and `acknowledge` together."""
    with tempfile.TemporaryDirectory() as folder:
        bus = SQLiteEventBus(Path(folder) / "bus.db", SystemClock())
        bus.subscribe("topic", "subscription")
        bus.publish("topic", [Message(BODY)] * messages)
        started, received = time.perf_counter(), 0
        while deliveries := bus.pull("subscription", batch):
            received += bus.acknowledge(deliveries)
        rate = received / (time.perf_counter() - started)
        bus.close()
    return rate


if __name__ == "__main__":
    print(f"publish {publish_rate():,.0f}/s, receive {receive_rate():,.0f}/s")
