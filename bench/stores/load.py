"""A process that sends sales until it is terminated: `python -m bench.stores.load post|bus …`; then it waits for the
last responses and prints what it sent as JSON. Before, it prints a line when it can be terminated."""

import argparse
import json
import signal
import threading
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bench.stores import posts, sales
from bench.stores.sending import Load, Till
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.ports.bus import Message

QUEUE = "queue.sqlite"
PIECE = 200
"""Messages of one publish call."""
Stop = threading.Event


def post(run: str, tokens: dict[str, str], options: argparse.Namespace, stop: Stop) -> dict[str, object]:
    """Post sales one by one, or `options.size` at once if that is not 0."""
    if options.size:
        tills = [Till(posts.of_batches(run, sender, tokens, options.size)) for sender in range(options.senders)]
    else:
        tills = [Till(posts.of_one_sale(run, sender, tokens)) for sender in range(options.senders)]
    started = time.time()
    Load(tills, options.at_once, options.rate).run(lambda: not stop.is_set())
    return _summary([till.sent for till in tills], sum(till.accepted for till in tills), started)


def publish(run: str, options: argparse.Namespace, stop: Stop) -> dict[str, object]:
    """Publish to the queue at a rate, or as fast as it takes them if that is 0; at most `options.count` if not 0."""
    bus = SQLiteEventBus(options.home / QUEUE, SystemClock())
    rate, count = options.rate, options.count
    started, sent, stream = time.time(), 0, sales.messages(run, 0)
    while not stop.is_set() and (not count or sent < count):
        size = min(PIECE, count - sent) if count else PIECE if not rate else max(int(rate / 20), 1)
        bus.publish(TOPIC_STORE_SALES, list(_queued(stream, size)))
        sent += size
        if rate:
            time.sleep(max(started + sent / rate - time.time(), 0))
    bus.close()
    return _summary([sent], sent, started)


def _queued(stream: Iterator[sales.Message], size: int) -> Iterator[Message]:
    for message in islice(stream, size):
        yield Message(message.body, {"region": "Bench", "store_id": message.store})


def _summary(counts: list[int], accepted: int, started: float) -> dict[str, object]:
    return {"counts": counts, "accepted": accepted, "seconds": time.time() - started, "cpu": time.process_time()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stores.load", description=__doc__)
    parser.add_argument("way", choices=("post", "bus"))
    parser.add_argument("run")
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--senders", type=int, default=sales.STORES)
    parser.add_argument("--at-once", type=int, default=32, help="posts without a response")
    parser.add_argument("--size", type=int, default=0, help="messages of a post; 0: one sale, not in a list")
    parser.add_argument("--rate", type=float, default=0, help="messages a second; 0: as fast as they are accepted")
    parser.add_argument("--count", type=int, default=0, help="messages to publish; 0: until it is terminated")
    options = parser.parse_args()
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    print("ready", flush=True)
    if options.way == "post":
        done = post(options.run, json.loads(options.tokens.read_text()), options, stop)
    else:
        done = publish(options.run, options, stop)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
