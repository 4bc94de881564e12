"""Forward events to all active webhooks until stopped, with a thread for each."""

import threading
from collections.abc import Callable

from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.webhooks import registry
from tillstream.webhooks.deliveries import ACTOR, deliver
from tillstream.webhooks.registry import Webhook

WAIT = 1.0
"""Seconds between two readings of the list of webhooks, and that a thread waits for events."""


def forward_for(ports: Ports, seconds: float, report: Callable[[str, Exception], None], *, private: bool) -> int:
    """Forward events for some seconds; return the number of active webhooks. Returns at once if there are none."""
    active = [webhook for webhook in registry.find(ports) if not webhook.paused]
    if not active:
        return 0
    stopping = threading.Event()
    timer = threading.Timer(seconds, stopping.set)
    timer.start()
    try:
        Forwarder(ports, report, private=private).run(stopping)
    finally:
        timer.cancel()
    return len(active)


class Forwarder:
    """private: whether private addresses are allowed. report: called with the errors of a turn, which is repeated."""

    def __init__(self, ports: Ports, report: Callable[[str, Exception], None], *, private: bool) -> None:
        self._ports, self._report, self._private = ports, report, private
        self._threads: dict[str, threading.Thread] = {}

    def run(self, stopping: threading.Event) -> None:
        """A slow receiver delays only its own events."""
        ended = threading.Event()
        try:
            while not stopping.is_set():
                for webhook in registry.find(self._ports):
                    thread = self._threads.get(webhook.id)
                    if not webhook.paused and (thread is None or not thread.is_alive()):
                        self._start(webhook, ended)
                stopping.wait(WAIT)
        finally:
            ended.set()
            for thread in self._threads.values():
                thread.join()

    def _start(self, webhook: Webhook, ended: threading.Event) -> None:
        registry.attach(self._ports, webhook, ACTOR)
        thread = threading.Thread(target=self._forward, args=(webhook.id, ended), name=f"webhook-{webhook.id}")
        self._threads[webhook.id] = thread
        thread.start()

    def _forward(self, id: str, ended: threading.Event) -> None:
        while not ended.is_set():
            try:
                webhook = registry.get(self._ports, id)
                if webhook.paused:
                    return
                deliver(self._ports, webhook, WAIT, ended, private=self._private)
            except NotFound:  # removed meanwhile, or its subscription was: `run` creates it again
                return
            except Exception as error:  # noqa: BLE001 - reported, and tried again
                self._report(id, error)
                ended.wait(WAIT)
