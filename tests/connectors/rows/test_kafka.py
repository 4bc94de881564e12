"""Messages of a topic come at least once, in files, from the offsets of the cursor."""

import json

import pytest
from confluent_kafka import Consumer, TopicPartition
from connectors.open_access import OpenAccess
from connectors.rows.kafka_cluster import Topic, brokers, topic
from connectors.rows.pulled import Connector, open_source

from tillstream.model.errors import Rejected, Unavailable

__all__ = ["brokers", "topic"]


def connector(topic: Topic, access: OpenAccess | None = None, **settings: str) -> Connector:
    common = {"brokers": topic.brokers, "topic": topic.name, "security": "PLAINTEXT"}
    return Connector("kafka", access, **{**common, **settings})


def sale(number: int) -> bytes:
    return json.dumps({"sale": number, "amount": 1.10}).encode()


def numbers(files: list[bytes]) -> list[int]:
    return sorted(json.loads(line)["sale"] for file in files for line in file.splitlines())


def test_messages_of_all_partitions_come_once(topic: Topic) -> None:
    for partition in range(4):
        topic.send(*map(sale, range(100 * partition, 100 * partition + 30)), partition=partition)
    sales = connector(topic, max_messages="50")
    files = sales.run()
    assert numbers(files) == [100 * partition + number for partition in range(4) for number in range(30)]
    assert [len(file.splitlines()) for file in files] == [50, 50, 20]
    assert sales.behind == 0
    assert sales.run() == []
    topic.send(sale(500), partition=2)
    assert numbers(sales.run()) == [500]


def test_offsets_are_committed_after_the_cursor_but_reading_goes_by_the_cursor(topic: Topic) -> None:
    topic.send(*map(sale, range(10)))
    sales = connector(topic, group="shop", max_messages="5")
    assert numbers(sales.run(stop_after=1)) == list(range(5))
    restored = sales.cursor
    sales.run()
    consumer = Consumer({"bootstrap.servers": topic.brokers, "group.id": "shop"})
    [committed] = consumer.committed([TopicPartition(topic.name, 0)], timeout=10)
    consumer.close()
    assert committed.offset == 10
    sales.cursor, sales.files = restored, {}
    assert numbers(sales.run()) == list(range(5, 10))


def test_a_run_that_ends_before_the_cursor_is_saved_repeats_the_same_files(topic: Topic) -> None:
    topic.send(*map(sale, range(20)))
    sales = connector(topic, max_messages="5")
    assert len(sales.run(stop_after=2, loses_cursor=True)) == 2
    assert numbers(sales.run()) == list(range(10, 20))


def test_messages_that_are_no_objects_stay_in_the_file(topic: Topic) -> None:
    topic.send(b"\xff\xfe\x00", sale(1), None, b"[1]", b"", b'{\n "sale": 2\r\n}', b"{broken", b"[" * 100_000)
    sales = connector(topic)
    lines = sales.run()[0].split(b"\n")
    assert [json.loads(line)["sale"] for line in lines[:2]] == [1, 2]
    assert lines[2:] == [b"\xff\xfe\x00", b"null", b"[1]", b"null", b"{broken", b"[" * 100_000, b""]
    (note,) = sales.notes
    assert note.endswith("are rejected: 6; the first is at partition 0, offset 0.")


def test_messages_that_were_deleted_before_they_were_read_are_noted(topic: Topic) -> None:
    large = b'{"sale": 1, "note": "' + b"x" * 900_000 + b'"}'
    topic.send(sale(0))
    sales = connector(topic)
    sales.run()
    topic.send(*[large] * 12)  # the mock cluster keeps about 5 MB of a partition
    files = sales.run()
    first, end = _watermarks(topic)
    assert (first, end) != (0, 13)
    assert sales.notes[0].startswith(f"{first - 1} messages of partition 0 were deleted")
    assert len(files[0].splitlines()) == end - first
    assert sales.behind == 0


def _watermarks(topic: Topic) -> tuple[int, int]:
    consumer = Consumer({"bootstrap.servers": topic.brokers, "group.id": "x"})
    try:
        return consumer.get_watermark_offsets(TopicPartition(topic.name, 0), timeout=10)
    finally:
        consumer.close()


def test_a_topic_that_was_created_again_is_read_from_its_start(topic: Topic) -> None:
    topic.send(sale(1), sale(2))
    sales = connector(topic)
    sales.cursor = {"key": "", "offsets": {"0": 900}}
    assert numbers(sales.run()) == [1, 2]
    assert "created again" in sales.notes[0]


def test_store_sales_and_the_sentence_of_the_test(topic: Topic) -> None:
    topic.send(sale(1), sale(2))
    source = open_source("kafka", **connector(topic, format="store-sales").settings)
    assert "4 partitions with about 2 messages" in source.test()
    assert [item.is_sales for item in source.pull({})] == [True]
    source.close()


def test_addresses_that_brokers_advertise_are_checked(topic: Topic) -> None:
    topic.send(sale(1))
    first, *_ = topic.brokers.split(",")
    host = first.rpartition(":")[0]
    access = OpenAccess()
    connector(topic, access, brokers=first).run()
    assert len(set(access.hosts)) == 3
    named = first.replace(host, "localhost")
    with pytest.raises(Rejected, match="private network"):
        connector(topic, OpenAccess(refused=frozenset({host})), brokers=named).run()


def test_brokers_that_do_not_respond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tillstream.connectors.kinds.kafka.CONNECT_SECONDS", 2.0)
    unreachable = Topic("127.0.0.1:1", "sales")
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1:1.*Check the brokers and the setting security"):
        connector(unreachable).run()


def test_a_sign_in_needs_a_user_and_a_password() -> None:
    with pytest.raises(Rejected, match="SASL_SSL needs the settings user and password"):
        open_source("kafka", brokers="kafka:9093", topic="sales", security="SASL_SSL", user="till")


@pytest.mark.parametrize("brokers_text", ["kafka", "kafka:x", "kafka:0", ":9092"])
def test_brokers_that_are_no_addresses(brokers_text: str) -> None:
    with pytest.raises(Rejected, match="not a broker"):
        open_source("kafka", brokers=brokers_text, topic="sales")
