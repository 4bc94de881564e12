"""The same small company in a project of Google's: its ports are the adapters for a cloud, on emulators.

Each company has a project of its own, so that none meets another.
"""

import secrets
import time
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

import yaml
from google.cloud.storage import Client
from stateful.crashes import Wrapper
from stateful.sources import Source
from stateful.system import LISTENER, System

from tillstream.adapters.google.document_store import FirestoreDocumentStore
from tillstream.adapters.google.pubsub.event_bus import PubSubEventBus
from tillstream.adapters.local.clock import SystemClock
from tillstream.app import App, build
from tillstream.app.custom_contracts import OWN_CONTRACTS
from tillstream.app.google import project_tables
from tillstream.intake import store_sales
from tillstream.model.contract import parse_contract
from tillstream.model.events import SUBSCRIPTIONS, TOPIC_SALE_EVENTS
from tillstream.ports.bus import Delivery, RetryPolicy
from tillstream.settings import Settings

AT_ONCE = RetryPolicy(minimum=0.0, maximum=0.1)
"""Released messages are redelivered soon; the number of attempts is that of a real project."""
SOON = 3.0
"""Seconds; Pub/Sub's emulator takes two of them from the second time on."""


def project() -> Settings:
    """A new project with what the deploy makes in one; no schema keeps an unreadable sale out of its topic."""
    settings = Settings(project=f"stateful-{secrets.token_hex(6)}", samples=False, threads=1)
    with closing(Client(settings.project)) as storage:
        for bucket in settings.buckets.values():
            storage.create_bucket(bucket)
    with closing(PubSubEventBus(settings.project, makes=True)) as bus:
        for subscription, topic in {**SUBSCRIPTIONS, LISTENER: TOPIC_SALE_EVENTS}.items():
            bus.subscribe(topic, subscription, AT_ONCE)
    project_tables.migrate_tables(settings)
    return settings


def store_contract(settings: Settings, text: str) -> None:
    """As the portal of a cloud keeps it: a document, which the next process reads."""
    contract = parse_contract(yaml.safe_load(text), "a test's contract")
    with closing(FirestoreDocumentStore(settings.project)) as documents:
        documents.put(OWN_CONTRACTS, contract.name, contract.model_dump(mode="json"))


class RealClock(SystemClock):
    """The services set the time of files and sales, so time cannot be moved."""

    def advance(self, seconds: float) -> None:
        """Time passes by itself."""


class LeaseRecorder(Wrapper):
    """The bus, with a record of the deliveries leased to this process."""

    def __init__(self, inner: Any, taken_sales: dict[str, tuple[int, str]]) -> None:
        super().__init__(inner)
        self.leased: dict[str, Delivery] = {}
        self.taken_sales = taken_sales
        self.released_at = 0.0

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> list[Delivery]:
        deliveries: list[Delivery] = self._inner.pull(subscription, limit, wait)
        self.leased |= {delivery.lease: delivery for delivery in deliveries}
        if subscription == store_sales.RECEIVE_SUBSCRIPTION:
            self.taken_sales |= {each.id: (each.sequence, _text(each)) for each in deliveries}
        return deliveries

    def acknowledge(self, deliveries: Iterable[Delivery]) -> int:
        done = list(deliveries)
        count: int = self._inner.acknowledge(done)
        for delivery in done:
            self.leased.pop(delivery.lease, None)
        return count

    def release(self, deliveries: Iterable[Delivery], error: str) -> None:
        back = list(deliveries)
        self._inner.release(back, error)
        self.released_at = time.monotonic()
        for delivery in back:
            self.leased.pop(delivery.lease, None)

    def expire_leases(self) -> None:
        """Those of a process that died: now, instead of after ten minutes."""
        if self.leased:
            self.release(list(self.leased.values()), "its lease ended")


def _text(sale: Delivery) -> str:
    return sale.message.body.decode("utf-8", errors="backslashreplace")


@dataclass
class GoogleSystem(System):
    clock: Any = field(default_factory=RealClock)
    settings: Settings = field(default_factory=project)
    released_at: float = 0.0
    taken_sales: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Message → the place in time and the text of each store sale that Pub/Sub ever delivered."""

    def build(self) -> App:
        app = build(self.settings, self.clock)
        self.bus = LeaseRecorder(app.ports.bus, self.taken_sales)
        ports: Any = {"bus": self.bus}
        return replace(app, ports=replace(app.ports, **ports))

    def stop(self) -> None:
        self.bus.expire_leases()
        self.released_at = self.bus.released_at or self.released_at
        super().stop()

    def add_contract(self, source: Source) -> None:
        super().add_contract(source)
        store_contract(self.settings, source.yaml())

    def wait_until_quiet(self) -> None:
        self.wait()
        while time.monotonic() < max(self.released_at, self.bus.released_at) + SOON:
            self.worker.run_until_idle()

    def file_name(self, sha: str) -> str:
        """The emulator keeps one generation of a name, where the inbox of a project keeps all."""
        return f"{sha[:6]}-{len(self.promised)}.csv"

    def expected_messages(self, sent: Counter[str]) -> Counter[str]:
        """Publish times are of milliseconds: equal messages of one millisecond are one message, and stored once."""
        came = Counter(text for _, text in self.taken_sales.values())
        assert not sent - came, f"messages that Pub/Sub never delivered: {sent - came}"
        return Counter(text for _, text in set(self.taken_sales.values()))

    def waiting(self) -> list[str]:
        """Messages leased but not acknowledged, or available: Pub/Sub does not report the queue depth."""
        leased = [delivery.subscription for delivery in self.bus.leased.values()]
        return leased + [name for name in SUBSCRIPTIONS if self.bus.pull(name, 1)]
