"""A damaged queue loses no accepted message: a second file has them until they are acknowledged."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from event_bus_suite import bodies

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.sqlite.event_bus import ACCEPTED, SQLiteEventBus
from tillstream.model.errors import Unavailable
from tillstream.ports.bus import Message
from tillstream.ports.files import LostContent

KEPT = ("sales", "receive")
SALES = [f"sale {n} " + "x" * 600 for n in range(60)]


def opened(path: Path) -> SQLiteEventBus:
    bus = SQLiteEventBus(path, ManualClock(), Random(7), kept=KEPT)
    bus.subscribe("sales", "receive")
    bus.subscribe("events", "others")
    return bus


def publish(bus: SQLiteEventBus, sales: list[str]) -> None:
    for sale in sales:
        bus.publish("sales", [Message(sale.encode(), {"store_id": "S1"})])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A queue of a process that was killed: ten messages are acknowledged, five are in progress, its log is there."""
    (tmp_path / "live").mkdir()
    with closing(opened(tmp_path / "live" / "queue.sqlite")) as bus:
        publish(bus, SALES[:30])
        bus.acknowledge(bus.pull("receive", 10))
        bus._file._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        publish(bus, SALES[30:])
        bus.publish("events", [Message(b"event")])
        bus.pull("receive", 5)
        shutil.copytree(tmp_path / "live", tmp_path / "home")
    return tmp_path / "home" / "queue.sqlite"


def received(bus: SQLiteEventBus) -> list[str]:
    bus._clock.sleep(3600)
    texts = []
    while deliveries := bus.pull("receive", 100):
        texts += bodies(deliveries)
        bus.acknowledge(deliveries)
    return sorted(texts, key=SALES.index)


def half(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip(place: float) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[int(place * len(data))] ^= 0x55
        path.write_bytes(data)

    return damage


def zeros(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGES = {
    "half": half,
    "zeros": zeros,
    "empty": empty,
    "removed": Path.unlink,
    **{f"flip at {place}": flip(place) for place in (0.0, 0.001, 0.1, 0.3, 0.5, 0.77, 0.999)},
}


@pytest.mark.parametrize("file", ["queue.sqlite", "queue.sqlite-wal", ACCEPTED])
@pytest.mark.parametrize("damage", DAMAGES)
def test_no_accepted_message_is_lost(path: Path, file: str, damage: str) -> None:
    DAMAGES[damage](path.with_name(file))
    with closing(opened(path)) as bus:
        assert all(noticed.lost is not LostContent.SALES for noticed in bus.findings)
        assert [sale for sale in received(bus) if sale in SALES[10:]] == SALES[10:]
        assert bus.check() == []
    with closing(opened(path)) as bus:
        assert bus.findings == []
        assert received(bus) == []


@pytest.mark.parametrize("damage", ["half", "zeros", "flip at 0.0"])
def test_a_queue_that_is_damaged_while_it_is_open_is_replaced(path: Path, damage: str) -> None:
    with closing(opened(path)) as bus:
        bus._file._connection().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        DAMAGES[damage](path)
        (noticed,) = bus.check()
        assert "was damaged" in noticed.message
        publish(bus, ["a new one"])
        SALES.append("a new one")
        try:
            assert received(bus) == SALES[10:]
        finally:
            SALES.pop()
        assert list(path.parent.glob("queue.until-*.sqlite"))


def test_a_damaged_queue_without_the_second_file_is_a_loss_of_sales(path: Path) -> None:
    path.with_name(ACCEPTED).unlink()
    half(path)
    with closing(opened(path)) as bus:
        assert [noticed.lost for noticed in bus.findings] == [LostContent.SALES]


def test_a_message_that_cannot_be_kept_is_not_accepted(path: Path) -> None:
    with closing(opened(path)) as bus:
        path.with_name(ACCEPTED).unlink()
        path.with_name(ACCEPTED).mkdir()
        with pytest.raises(Unavailable, match=r"accepted\.log cannot be used"):
            publish(bus, ["not kept"])
        path.with_name(ACCEPTED).rmdir()
        assert "not kept" not in bodies(bus.pull("receive", 100))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillstream.adapters.local.sqlite.accepted_messages.COMPACT", 4_000)


@pytest.mark.usefixtures("small")
def test_acknowledged_messages_leave_the_second_file(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "queue.sqlite")) as bus:
        for _ in range(20):
            publish(bus, SALES[:30])
            bus.acknowledge(bus.pull("receive", 100))
        assert (tmp_path / ACCEPTED).read_bytes().count(b"sale 1 ") < 5
        publish(bus, SALES[:40])
    (tmp_path / "queue.sqlite").unlink()
    with closing(opened(tmp_path / "queue.sqlite")) as bus:
        assert ["The end of" in noticed.message for noticed in bus.findings] == [True]
        assert received(bus) == SALES[:40]


def test_a_commit_of_sales_is_synced_once_and_another_one_by_the_queue(path: Path) -> None:
    with closing(opened(path)) as bus:
        for topic, level in (("sales", 1), ("events", 2), ("sales", 1)):
            bus.publish(topic, [Message(b"x")])
            assert bus._file._connection().execute("PRAGMA synchronous").fetchone() == (level,)


def test_an_older_queue_has_what_was_accepted_since(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path)) as earlier:
        earlier.execute("DELETE FROM messages")
        earlier.execute("UPDATE sequence SET last = 0")
        earlier.commit()
    with closing(opened(path)) as bus:
        assert received(bus) == SALES[10:]


def test_nothing_is_accepted_by_a_queue_without_its_subscription(path: Path) -> None:
    with closing(opened(path)) as bus:
        bus.detach("receive")
        with pytest.raises(Unavailable, match="nothing can be accepted"):
            publish(bus, ["not kept"])


def test_sequences_follow_the_clock_after_one_that_was_ahead(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "queue.sqlite")) as bus:
        for text, moment in (("first", 0), ("ahead", 400 * 86_400), ("back", -400 * 86_400 + 60), ("next", 0)):
            bus._clock.advance(moment)
            publish(bus, [text])
        sequences = {each.message.body.decode(): each.sequence for each in bus.pull("receive", 10)}
        assert sequences["back"] == bus._micros() == sequences["next"] - 1
        assert [noticed.lost for noticed in bus.check()] == [LostContent.ORDER]
        assert bus.advance(sequences["ahead"]) == sequences["next"]
        publish(bus, ["last"])
        assert [each.sequence for each in bus.pull("receive", 10)] == [sequences["next"] + 1]
