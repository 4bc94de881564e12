"""Kafka topics: messages from the offsets of the cursor to the ends that the partitions have when a run starts."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from functools import partial
from io import BytesIO
from typing import Any

from tillstream.connectors.rows import chained_key, digest
from tillstream.connectors.setting_values import whole_number
from tillstream.connectors.source import Access, Cursor, Item, Kind, Setting, Source
from tillstream.domain.errors import Rejected, TillstreamError, Unavailable

SECURITY = ("SSL", "SASL_SSL", "PLAINTEXT", "SASL_PLAINTEXT")
FORMATS = ("rows", "store-sales")
SETTINGS = (
    Setting("brokers", "Brokers", "For example kafka1.example.com:9093, kafka2.example.com:9093", is_required=True),
    Setting("topic", "Topic", is_required=True),
    Setting("format", "Messages", "JSON objects of a contract, or store sales", "rows", choices=FORMATS),
    Setting("security", "Security", default="SSL", choices=SECURITY),
    Setting("mechanism", "Mechanism", "For SASL", "SCRAM-SHA-512", choices=("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")),
    Setting("user", "User"),
    Setting("password", "Password", is_credential=True),
    Setting("ca_file", "Certificates", "File with the certificate authority of the brokers, if it is not a public one"),
    Setting("group", "Group", "Consumer group in which offsets are shown", "tillstream"),
    Setting("max_messages", "Messages in a file", default="10000"),
)
MAX_BYTES = 32 << 20
"""A file ends after the message that reaches it."""
STALLED_SECONDS = 60
_BATCH, _POLL_SECONDS, _CONNECT_SECONDS = 500, 1.0, 15.0
_NEEDS_PERSON = (
    "_AUTHENTICATION",
    "_SSL",
    "_UNKNOWN_TOPIC",
    "UNKNOWN_TOPIC",
    "SASL_",
    "TOPIC_",
    "GROUP_AUTH",
    "CLUSTER_AUTH",
)
"""Beginnings of the names of errors that do not pass by themselves."""


class KafkaSource(Source):
    def __init__(self, settings: Mapping[str, str], access: Access) -> None:
        self._settings, self._access = settings, access
        self._topic = settings["topic"]
        self._max_messages = whole_number(settings, "max_messages", at_least=1, at_most=1_000_000)
        self._brokers = [_broker(part) for part in settings["brokers"].split(",") if part.strip()]
        self._consumer: Any = None
        self._failure: Exception | None = None
        self._ends: dict[int, int] = {}
        self._offsets: dict[int, int] = {}
        self._notes: list[str] = []

    def _connect(self) -> Any:
        """A consumer that joins no group: partitions are assigned. Messages of aborted transactions are left out."""
        if self._consumer is not None:
            return self._consumer
        from confluent_kafka import Consumer

        for host, port in self._brokers:
            self._access.check_host(host, port)
        settings = self._settings
        configuration = {
            "bootstrap.servers": ",".join(f"{host}:{port}" for host, port in self._brokers),
            "security.protocol": settings["security"],
            "group.id": settings["group"],
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "allow.auto.create.topics": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "queued.max.messages.kbytes": 65_536,
            "error_cb": self._keep_failure,
            "logger": logging.getLogger("tillstream.connectors.kafka"),
        }
        if settings["security"].startswith("SASL"):
            password = self._access.credential(settings["password"])
            configuration |= {"sasl.mechanism": settings["mechanism"]}
            configuration |= {"sasl.username": settings["user"], "sasl.password": password}
        if settings["ca_file"]:
            self._access.check_file(settings["ca_file"])
            configuration["ssl.ca.location"] = settings["ca_file"]
        self._consumer = Consumer(configuration)
        return self._consumer

    def _keep_failure(self, error: Any) -> None:
        """Called by the library for errors of connections, from `poll`."""
        self._failure = self._error(error)

    def _error(self, error: Any) -> TillstreamError:
        name = error.name()
        message = f"Kafka at {self._settings['brokers']}: {error.str()} ({name})."
        return Rejected(message) if name.startswith(_NEEDS_PERSON) else Unavailable(message)

    def _partitions(self) -> list[int]:
        """Partitions of the topic. Addresses that brokers advertise are checked before they are connected to."""
        from confluent_kafka import KafkaException

        consumer = self._connect()
        consumer.poll(0)
        try:
            cluster = consumer.list_topics(self._topic, timeout=_CONNECT_SECONDS)
        except KafkaException as error:
            consumer.poll(0)
            raise self._failure if isinstance(self._failure, Rejected) else self._error(error.args[0]) from error
        for broker in cluster.brokers.values():
            self._access.check_host(broker.host, broker.port)
        topic = cluster.topics[self._topic]
        if topic.error is not None:
            raise self._error(topic.error)
        return sorted(topic.partitions)

    def _ranges(self) -> dict[int, tuple[int, int]]:
        """First and end offset of each partition."""
        from confluent_kafka import KafkaException, TopicPartition

        partitions = self._partitions()
        try:
            return {
                number: self._consumer.get_watermark_offsets(
                    TopicPartition(self._topic, number), timeout=_CONNECT_SECONDS
                )
                for number in partitions
            }
        except KafkaException as error:
            raise self._error(error.args[0]) from error

    def test(self) -> str:
        ranges = self._ranges()
        count = sum(end - start for start, end in ranges.values())
        return f"The topic {self._topic} has {len(ranges)} partitions with about {count:,} messages."

    def pull(self, cursor: Cursor) -> Iterator[Item]:
        self._assign(cursor)
        key = cursor.get("key", "")
        for lines in self._files():
            content = b"".join(lines)
            key = chained_key(key, digest(content))
            offsets = {str(number): offset for number, offset in sorted(self._offsets.items())}
            yield Item(
                key,
                f"{len(lines)}-messages.jsonl",
                partial(BytesIO, content),
                {"key": key, "offsets": offsets},
                is_sales=self._settings["format"] == "store-sales",
            )

    def _assign(self, cursor: Cursor) -> None:
        """Start at the offsets of the cursor, and note messages that were deleted before they were read."""
        from confluent_kafka import TopicPartition

        stored = {int(number): offset for number, offset in cursor.get("offsets", {}).items()}
        self._offsets, self._ends = {}, {}
        for number, (start, end) in self._ranges().items():
            offset = stored.get(number, start)
            if offset < start:
                self._notes.append(
                    f"{start - offset:,} messages of partition {number} were deleted by the retention of the topic before"
                    " they were read. Their sales are missing, unless they come from elsewhere."
                )
            if offset > end:
                self._notes.append(
                    f"Partition {number} ends at {end:,}, before {offset:,}, up to which it was read. The topic was"
                    " probably created again, so it is read from its start."
                )
            self._offsets[number] = offset if start <= offset <= end else start
            self._ends[number] = end
        open_partitions = [number for number, end in self._ends.items() if self._offsets[number] < end]
        self._consumer.assign(
            [TopicPartition(self._topic, number, self._offsets[number]) for number in open_partitions]
        )

    def _files(self) -> Iterator[list[bytes]]:
        """Lines of each file: first the JSON objects, then what is none, so that the format is recognised."""
        objects, others, size = list[bytes](), list[bytes](), 0
        for message in self._messages():
            line, is_object = _line(message.value())
            (objects if is_object else others).append(line)
            size += len(line)
            if not is_object:
                place = f"partition {message.partition()}, offset {message.offset()}"
                self._notes.append(f"The message at {place} is not a JSON object; its line is rejected.")
            if size >= MAX_BYTES or len(objects) + len(others) >= self._max_messages:
                yield objects + others
                objects, others, size = [], [], 0
        if objects or others:
            yield objects + others

    def _messages(self) -> Iterator[Any]:
        """Messages up to the ends that the partitions had, or a little further. Moves the offsets."""
        from confluent_kafka import KafkaError, KafkaException

        open_partitions = {number for number, end in self._ends.items() if self._offsets[number] < end}
        received_at = time.monotonic()
        while open_partitions:
            try:
                messages = self._consumer.consume(_BATCH, _POLL_SECONDS)
            except KafkaException as error:
                raise self._error(error.args[0]) from error
            if isinstance(self._failure, Rejected):
                raise self._failure
            if messages:
                received_at = time.monotonic()
            elif time.monotonic() - received_at > STALLED_SECONDS:
                raise self._failure or Unavailable(f"The brokers sent nothing for {STALLED_SECONDS} seconds.")
            for message in messages:
                error, number = message.error(), message.partition()
                if error is None:
                    self._offsets[number] = message.offset() + 1
                    yield message
                elif error.code() != KafkaError._PARTITION_EOF:
                    raise self._error(error)
                if error is not None or self._offsets[number] >= self._ends[number]:
                    open_partitions.discard(number)

    def acknowledge(self, cursor: Cursor) -> None:
        """Commit the offsets for the tools of operators; reading goes by the cursor."""
        from confluent_kafka import KafkaException, TopicPartition

        offsets = [TopicPartition(self._topic, int(number), offset) for number, offset in cursor["offsets"].items()]
        try:
            self._consumer.commit(offsets=offsets, asynchronous=False)
        except KafkaException as error:
            self._notes.append(f"The offsets could not be committed: {error.args[0].str()}.")

    def behind(self) -> int | None:
        if not self._ends:
            return None
        return sum(max(0, end - self._offsets[number]) for number, end in self._ends.items())

    def notes(self) -> list[str]:
        return self._notes

    def close(self) -> None:
        if self._consumer is not None:
            self._consumer.close()


def _broker(text: str) -> tuple[str, int]:
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Rejected(f"“{text.strip()[:100]}” is not a broker such as kafka1.example.com:9093.")
    return host.strip("[]"), int(port)


def _line(value: bytes | None) -> tuple[bytes, bool]:
    """A message as a line, and whether it is a JSON object. Line breaks can only be between the parts of an object."""
    line = (value or b"").replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        is_object = isinstance(json.loads(line.decode()), dict)
    except (ValueError, RecursionError):
        is_object = False
    return (line if line.strip() else b"null") + b"\n", is_object


KIND = Kind(
    name="kafka",
    title="Kafka",
    about="Pulls the messages of a topic.",
    settings=SETTINGS,
    open=KafkaSource,
)
