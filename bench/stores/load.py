"""A process that sends sales: `python -m bench.stores.load post|bus …`; prints what it sent as JSON."""

import argparse
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from itertools import islice
from pathlib import Path

from bench.server import PORT
from bench.stores import sales
from tillstream.adapters.local.clock import SystemClock
from tillstream.adapters.local.sqlite.event_bus import SQLiteEventBus
from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.ports.event_bus import Message

RETRY = 0.2
QUEUE = "queue.sqlite"
PIECE = 200
"""Messages of one publish call."""


class Poster(threading.Thread):
    """Posts one sale after another over one connection until `deadline`; tries again until each has an answer."""

    def __init__(self, run: str, sender: int, tokens: dict[str, str], deadline: float) -> None:
        super().__init__()
        self._messages = sales.messages(run, sender)
        self._tokens, self._deadline = tokens, deadline
        self._connection = HTTPConnection("127.0.0.1", PORT, timeout=30)
        self.sent = self.accepted = 0

    def run(self) -> None:
        while time.time() < self._deadline:
            message = next(self._messages)
            while (status := self._post(message)) in {0, 503}:
                time.sleep(RETRY)
            if status not in {202, 422} or (status == 202) != bool(message.quantity):
                raise SystemExit(f"{message.number} got {status}")
            self.sent += 1
            self.accepted += status == 202

    def _post(self, message: sales.Message) -> int:
        """The status of the response; 0 if the server is away."""
        headers = {"Authorization": f"Bearer {self._tokens[message.store]}", "Content-Type": "application/json"}
        try:
            self._connection.request("POST", "/api/sales", message.body, headers)
            response = self._connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            self._connection.close()
            return 0
        return response.status


def post(run: str, tokens: dict[str, str], threads: int, seconds: float) -> dict[str, object]:
    started = time.time()
    posters = [Poster(run, sender, tokens, started + seconds) for sender in range(threads)]
    for poster in posters:
        poster.start()
    for poster in posters:
        poster.join()
    return _summary([poster.sent for poster in posters], sum(poster.accepted for poster in posters), started)


def publish(run: str, home: Path, rate: float, seconds: float, count: int) -> dict[str, object]:
    """Publish to the queue at a rate, or as fast as it takes them if that is 0; `count` messages, or for `seconds`."""
    bus = SQLiteEventBus(home / QUEUE, SystemClock())
    started, sent, stream = time.time(), 0, sales.messages(run, 0)
    while sent < count if count else time.time() < started + seconds:
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
    return {"counts": counts, "accepted": accepted, "seconds": time.time() - started}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stores.load", description=__doc__)
    parser.add_argument("way", choices=("post", "bus"))
    parser.add_argument("run")
    parser.add_argument("--tokens", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--count", type=int, default=0)
    options = parser.parse_args()
    if options.way == "post":
        done = post(options.run, json.loads(options.tokens.read_text()), options.threads, options.seconds)
    else:
        done = publish(options.run, options.home, options.rate, options.seconds, options.count)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
