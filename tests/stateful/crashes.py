"""A process that dies at a named step: wrappers of the real adapters raise before or after a call.

`Crash` is no `Exception`, so product code cannot catch it. The effect of the call remains; the following steps never
happen, and the app is built again on the same folder.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.app import App
from tillstream.app import local as composition
from tillstream.ports.bus import Message
from tillstream.ports.objects import StoredObject

STEPS = (
    "objects.writer inbox",
    "objects.writer staging",
    "documents.put batches received",
    "documents.put batches staging",
    "documents.put batches staged",
    "documents.put batches held",
    "documents.put batches rejected",
    "documents.put batches settled",
    "documents.put batches announced",
    "documents.put batches undone",
    "documents.put batches replayed",
    "documents.put contracts",
    "documents.put announcements",
    "documents.put stock",
    "documents.put upkeep",
    "documents.put warehouse",
    "bus.publish object-events",
    "bus.publish batch.received",
    "bus.publish batch.staged",
    "bus.publish batch.settled",
    "bus.publish sales.received",
    "bus.publish sales.staged",
    "bus.publish sale-events",
    "bus.publish store-sales",
    "bus.pull objects",
    "bus.pull batches",
    "bus.pull receive",
    "bus.extend objects",
    "bus.extend batches",
    "bus.acknowledge objects",
    "bus.acknowledge batches",
    "bus.acknowledge receive",
    "warehouse.settle staged",
    "warehouse.settle undo",
    "warehouse.refresh_totals",
    "warehouse.upsert user_scopes",
    "warehouse.upsert stock_levels",
)
"""Every call by which the pipeline changes something outside itself."""
RARE = (
    "documents.put batches cancelled",
    "documents.put bound_objects",
    "documents.put catalogue",
    "documents.put columns",
    "documents.put confirmed_contracts",
    "documents.put home",
    "documents.put packs",
    "documents.put stock_movements",
    "objects.delete inbox",
    "objects.delete staging",
    "warehouse.replace_table stock_levels",
    "warehouse.replace_table stock_movements",
    "warehouse.upsert stock_movements",
)
"""Steps that only a crash leads to, or only other contracts or writers than those of most schedules, or that are taken
once a day."""
OF_A_DROP = ("drop.claim", "drop.archive", "documents.put drops")
"""Steps of the watched folder, which the schedules have none of."""
OF_A_CONNECTOR = ("documents.put connector_states", "documents.put connector_runs", "source.acknowledge")
"""Steps of a connector."""
POINTS = tuple((step, when) for step in STEPS for when in ("before", "after"))


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Fuse:
    """`armed`: the points at which to die, each once; `calls` counts every point passed, `hit` those died at."""

    armed: list[tuple[str, str]] = field(default_factory=list)
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    hit: Counter[tuple[str, str]] = field(default_factory=Counter)
    published: list[tuple[str, Message]] = field(default_factory=list)
    """Everything that was ever published, to be delivered again."""

    def passes(self, step: str, when: str) -> None:
        assert step in STEPS + RARE + OF_A_DROP + OF_A_CONNECTOR, f"{step} is a step without a name"
        self.calls[step, when] += 1
        if (step, when) in self.armed:
            self.armed.remove((step, when))
            self.hit[step, when] += 1
            raise Crash(f"{when} {step}")

    @contextmanager
    def around(self, step: str) -> Iterator[None]:
        self.passes(step, "before")
        yield
        self.passes(step, "after")


class Wrapper:
    def __init__(self, inner: Any, fuse: Fuse | None = None) -> None:
        self._inner, self._fuse = inner, fuse or Fuse()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Objects(Wrapper):
    @contextmanager
    def writer(self, bucket: str, name: str, **options: Any) -> Iterator[Any]:
        with self._inner.writer(bucket, name, **options) as writer:
            yield writer
            self._fuse.passes(f"objects.writer {bucket}", "before")
        self._fuse.passes(f"objects.writer {bucket}", "after")

    def delete(self, bucket: str, name: str, **options: Any) -> None:
        with self._fuse.around(f"objects.delete {bucket}"):
            self._inner.delete(bucket, name, **options)


class _Notifying(Wrapper):
    """Buckets without notifications of their own: the wrapper publishes each object when it is complete."""

    def __init__(self, inner: Any, notify: Callable[[StoredObject], None]) -> None:
        super().__init__(inner)
        self._notify = notify

    @contextmanager
    def writer(self, bucket: str, name: str, **options: Any) -> Iterator[Any]:
        with self._inner.writer(bucket, name, **options) as writer:
            yield writer
        self._notify(writer.stored)


class _Documents(Wrapper):
    def put(self, collection: str, id: str, data: Any, **options: Any) -> Any:
        with self._fuse.around(_written(collection, data)):
            return self._inner.put(collection, id, data, **options)

    def put_all(self, puts: Any) -> Any:
        """One step, named by its main document; the other documents are written with it or not at all."""
        about = next((put for put in puts if put.collection == "batches"), puts[0])
        with self._fuse.around(_written(about.collection, about.data)):
            return self._inner.put_all(puts)


def _written(collection: str, data: Any) -> str:
    return f"documents.put {collection}" + (f" {data['state']}" if collection == "batches" else "")


class _Bus(Wrapper):
    def publish(self, topic: str, messages: list[Message]) -> Any:
        step = messages[0].attributes["type"] if topic == "batch-events" else topic
        with self._fuse.around(f"bus.publish {step}"):
            self._fuse.published += [(topic, message) for message in messages]
            return self._inner.publish(topic, messages)

    def pull(self, subscription: str, limit: int, wait: float = 0.0) -> Any:
        deliveries = self._inner.pull(subscription, limit, wait)
        if deliveries:
            self._fuse.passes(f"bus.pull {subscription}", "before")
            self._fuse.passes(f"bus.pull {subscription}", "after")
        return deliveries

    def extend(self, deliveries: Any, seconds: float) -> Any:
        held = list(deliveries)
        with self._fuse.around(f"bus.extend {held[0].subscription}"):
            return self._inner.extend(held, seconds)

    def acknowledge(self, deliveries: Any) -> Any:
        held = list(deliveries)
        if not held:
            return 0
        with self._fuse.around(f"bus.acknowledge {held[0].subscription}"):
            return self._inner.acknowledge(held)


class _Warehouse(Wrapper):
    def settle(self, settlement: Any) -> Any:
        with self._fuse.around(f"warehouse.settle {'staged' if settlement.staged else 'undo'}"):
            return self._inner.settle(settlement)

    def refresh_totals(self) -> Any:
        with self._fuse.around("warehouse.refresh_totals"):
            return self._inner.refresh_totals()

    def replace_table(self, table: str, rows: Any) -> None:
        with self._fuse.around(f"warehouse.replace_table {table}"):
            self._inner.replace_table(table, rows)

    def upsert(self, table: str, rows: Any, key: Any) -> None:
        with self._fuse.around(f"warehouse.upsert {table}"):
            self._inner.upsert(table, rows, key)


class _Drop(Wrapper):
    def claim(self) -> Any:
        claimed = self._inner.claim()
        if claimed:
            self._fuse.passes("drop.claim", "after")
        return claimed

    def archive(self, dropped: Any, place: str) -> None:
        with self._fuse.around("drop.archive"):
            self._inner.archive(dropped, place)


def with_crashes(app: App, fuse: Fuse) -> App:
    """The same app, every step of it passing the fuse."""
    ports = app.ports
    bus: Any = _Bus(ports.bus, fuse)
    notify = composition._notify_of_objects(bus)
    objects: Any = (
        _Notifying(ports.objects, notify)
        if app.settings.project
        else FolderObjectStore(app.settings.home / "objects", ports.clock, notify)
    )
    documents: Any = _Documents(ports.documents, fuse)
    wrapped = replace(
        ports,
        objects=_Objects(objects, fuse),
        bus=bus,
        documents=documents,
        warehouse=_Warehouse(ports.warehouse, fuse),
    )
    app.contracts._documents = documents
    drops: Any = tuple(_Drop(drop, fuse) for drop in app.drops)
    return replace(app, ports=wrapped, drops=drops)
