"""Kafka topics: messages from the offsets of the cursor to the ends that the partitions have when a run starts."""

import json
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from typing import Any

from tillstream.connectors.rows import chained_key, row_digest
from tillstream.connectors.source import (
    ConnectionAccess,
    ConnectorKind,
    ConnectorSource,
    Cursor,
    SourceItem,
    SourceSetting,
    whole_number,
)
from tillstream.model.errors import Rejected, TillstreamError, Unavailable
from tillstream.optional_packages import need_package

STALLED_SECONDS = 60
CONNECT_SECONDS = 15.0
_BATCH, _POLL_SECONDS = 500, 1.0
_NEEDS_PERSON = (
    "_AUTHENTICATION",
    "_SSL",
    "_UNKNOWN_TOPIC",
    "UNKNOWN_TOPIC",
    "SASL_",
    "TOPIC_",
    "GROUP_AUTH",
    "CLUSTER_",
)
"""Beginnings of the names of errors that do not pass by themselves."""
_COMMON = {
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
    "auto.offset.reset": "error",
    "allow.auto.create.topics": False,
    "isolation.level": "read_committed",
    "enable.partition.eof": True,
    "queued.max.messages.kbytes": 65_536,
}
OffsetRanges = dict[int, tuple[int, int]]
"""Partition: offset of its first message, and of the next one that will be written."""

SECURITY = ("SSL", "SASL_SSL", "PLAINTEXT", "SASL_PLAINTEXT")
FORMATS = ("rows", "store-sales")
SETTINGS = (
    SourceSetting(
        "brokers", "Brokers", "For example kafka1.example.com:9093, kafka2.example.com:9093", is_required=True
    ),
    SourceSetting("topic", "Topic", is_required=True, resets_cursor=True),
    SourceSetting("format", "Messages", "JSON objects of a contract, or store sales", "rows", choices=FORMATS),
    SourceSetting("security", "Security", default="SSL", choices=SECURITY),
    SourceSetting(
        "mechanism", "Mechanism", "For SASL", "SCRAM-SHA-512", choices=("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
    ),
    SourceSetting("user", "User"),
    SourceSetting("password", "Password", is_credential=True),
    SourceSetting(
        "ca_file", "Certificates", "File with the certificate authority of the brokers, if it is not a public one"
    ),
    SourceSetting("group", "Group", "Consumer group in which offsets are shown", "tillstream"),
    SourceSetting("max_messages", "Messages in a file", default="10000"),
)
MAX_BYTES = 32 << 20
"""A file ends after the message that reaches it."""


def check_broker(text: str) -> tuple[str, int]:
    """Host and port. Raises `Rejected` for another text."""
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Rejected(f"“{text.strip()[:100]}” is not a broker such as kafka1.example.com:9093.")
    return host.strip("[]"), int(port)


class KafkaTopic:
    """A topic, read by assigned partitions: its consumer joins no group. Methods raise `Rejected` and `Unavailable`."""

    def __init__(self, name: str, brokers: str, configuration: Mapping[str, str], access: ConnectionAccess) -> None:
        """configuration: settings of librdkafka for security and the group."""
        from confluent_kafka import Consumer

        self._name, self._brokers, self._access = name, brokers, access
        self._failure: TillstreamError | None = None
        for host, port in map(check_broker, brokers.split(",")):
            access.check_host(host, port)
        logger = logging.getLogger("tillstream.connectors.kafka")
        servers = {"bootstrap.servers": brokers, "error_cb": self._keep_failure, "logger": logger}
        try:
            self._consumer = Consumer({**_COMMON, **configuration, **servers})
        except Exception as error:  # noqa: BLE001 - KafkaException or ValueError, whose text can contain the password
            raise Rejected(f"The settings of Kafka are not valid: {type(error).__name__}.") from None

    def _keep_failure(self, error: Any) -> None:
        """Called by the library for errors of connections, while it is polled."""
        self._failure = self._error(error)

    def _error(self, error: Any) -> TillstreamError:
        message = f"Kafka at {self._brokers}: {error.str()} ({error.name()})."
        if error.name() == "_TRANSPORT":
            message += " Check the brokers and the setting security."
        return Rejected(message) if error.name().startswith(_NEEDS_PERSON) else Unavailable(message)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        from confluent_kafka import KafkaException

        try:
            yield
        except KafkaException as error:
            self._consumer.poll(0)  # calls `_keep_failure` with the cause of a time-out
            raise self._failure if isinstance(self._failure, Rejected) else self._error(error.args[0]) from error

    def ranges(self) -> OffsetRanges:
        """Offsets of each partition. Addresses that brokers advertise are checked before they are connected to."""
        from confluent_kafka import TopicPartition

        with self._translated():
            cluster = self._consumer.list_topics(self._name, timeout=CONNECT_SECONDS)
        for member in cluster.brokers.values():
            self._access.check_host(member.host, member.port)
        topic = cluster.topics[self._name]
        if topic.error is not None:
            raise self._error(topic.error)
        with self._translated():
            return {
                number: self._consumer.get_watermark_offsets(TopicPartition(self._name, number), CONNECT_SECONDS)
                for number in sorted(topic.partitions)
            }

    def messages(self, starts: Mapping[int, int], ends: Mapping[int, int]) -> Iterator[Any]:
        """Messages from the starts up to the ends, or a little further; without those of aborted transactions."""
        from confluent_kafka import KafkaError, TopicPartition

        unread = {number for number, end in ends.items() if starts[number] < end}
        self._consumer.assign([TopicPartition(self._name, number, starts[number]) for number in sorted(unread)])
        received_at = time.monotonic()
        while unread:
            with self._translated():
                messages = self._consumer.consume(_BATCH, _POLL_SECONDS)
            if isinstance(self._failure, Rejected):
                raise self._failure
            if messages:
                received_at = time.monotonic()
            elif time.monotonic() - received_at > STALLED_SECONDS:
                raise self._failure or Unavailable(f"{self._brokers} sent nothing for {STALLED_SECONDS} seconds.")
            for message in messages:
                failure = message.error()
                if failure is None:
                    yield message
                elif failure.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - the public name of a code
                    raise self._error(failure)
                if failure is not None or message.offset() + 1 >= ends[message.partition()]:
                    unread.discard(message.partition())

    def commit(self, offsets: Mapping[int, int]) -> None:
        from confluent_kafka import TopicPartition

        with self._translated():
            places = [TopicPartition(self._name, number, offset) for number, offset in offsets.items()]
            self._consumer.commit(offsets=places, asynchronous=False)

    def close(self) -> None:
        self._consumer.close()


class KafkaSource(ConnectorSource):
    def __init__(self, settings: Mapping[str, str], access: ConnectionAccess) -> None:
        need_package("confluent_kafka")
        self._settings, self._access = settings, access
        self._max_messages = whole_number(settings, "max_messages", at_least=1, at_most=1_000_000)
        for text in settings["brokers"].split(","):
            check_broker(text)
        if settings["security"].startswith("SASL") and not (settings["user"] and settings["password"]):
            raise Rejected(f"{settings['security']} needs the settings user and password.")
        self._opened: KafkaTopic | None = None
        self._ends: dict[int, int] = {}
        self._offsets: dict[int, int] = {}
        self._notes: list[str] = []
        self._others, self._first_other = 0, ""

    def _topic(self) -> KafkaTopic:
        if self._opened is None:
            settings = self._settings
            configuration = {"group.id": settings["group"], "security.protocol": settings["security"]}
            if settings["security"].startswith("SASL"):
                password = self._access.credential(settings["password"])
                configuration |= {"sasl.mechanism": settings["mechanism"]}
                configuration |= {"sasl.username": settings["user"], "sasl.password": password}
            if settings["ca_file"]:
                self._access.check_file(settings["ca_file"])
                configuration["ssl.ca.location"] = settings["ca_file"]
            self._opened = KafkaTopic(settings["topic"], settings["brokers"], configuration, self._access)
        return self._opened

    def test(self) -> str:
        ranges = self._topic().ranges()
        count = sum(end - start for start, end in ranges.values())
        return f"The topic {self._settings['topic']} has {len(ranges)} partitions with about {count:,} messages."

    def pull(self, cursor: Cursor) -> Iterator[SourceItem]:
        self._start(cursor)
        key = cursor.get("key", "")
        for lines in self._files():
            content = b"".join(lines)
            key = chained_key(key, row_digest(content))
            offsets = {str(number): offset for number, offset in sorted(self._offsets.items())}
            yield SourceItem(
                key,
                f"{len(lines)}-messages.jsonl",
                partial(BytesIO, content),
                {"key": key, "offsets": offsets},
                is_sales=self._settings["format"] == "store-sales",
            )

    def _start(self, cursor: Cursor) -> None:
        """Start at the offsets of the cursor, and note messages that were deleted before they were read."""
        stored = {int(number): offset for number, offset in cursor.get("offsets", {}).items()}
        self._offsets, self._ends = {}, {}
        for number, (start, end) in self._topic().ranges().items():
            offset = stored.get(number, start)
            if offset < start:
                self._notes.append(
                    f"{start - offset:,} messages of partition {number} were deleted before they were read, by the"
                    " retention of the topic. Their sales are missing, unless they come from elsewhere."
                )
            if offset > end:
                self._notes.append(
                    f"Partition {number} ends at {end:,}, before {offset:,}, up to which it was read. The topic was"
                    " probably created again, so it is read from its start."
                )
            self._offsets[number] = offset if start <= offset <= end else start
            self._ends[number] = end

    def _files(self) -> Iterator[list[bytes]]:
        """Lines of each file: first the JSON objects, then what is none, so that the format is recognised."""
        objects, others, size = list[bytes](), list[bytes](), 0
        for message in self._topic().messages(dict(self._offsets), self._ends):
            self._offsets[message.partition()] = message.offset() + 1
            line, is_object = _line(message.value())
            (objects if is_object else others).append(line)
            size += len(line)
            if not is_object:
                self._others += 1
                self._first_other = self._first_other or f"partition {message.partition()}, offset {message.offset()}"
            if size >= MAX_BYTES or len(objects) + len(others) >= self._max_messages:
                yield objects + others
                objects, others, size = [], [], 0
        if objects or others:
            yield objects + others

    def acknowledge(self, cursor: Cursor) -> None:
        """Commit the offsets for the tools of operators; reading goes by the cursor."""
        try:
            self._topic().commit({int(number): offset for number, offset in cursor["offsets"].items()})
        except TillstreamError as error:
            self._notes.append(f"The offsets could not be committed: {error}")

    def behind(self) -> int | None:
        if not self._ends:
            return None
        return sum(max(0, end - self._offsets[number]) for number, end in self._ends.items())

    def notes(self) -> list[str]:
        if not self._others:
            return self._notes
        count = f"Messages that are not JSON objects, of which the lines are rejected: {self._others:,}"
        return [*self._notes, f"{count}; the first is at {self._first_other}."]

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()


KIND = ConnectorKind(
    name="kafka",
    title="Kafka",
    about="Pulls the messages of a topic.",
    settings=SETTINGS,
    open=KafkaSource,
)


def _line(value: bytes | None) -> tuple[bytes, bool]:
    """A message as a line, and whether it is a JSON object. Line breaks can only be between the parts of an object."""
    line = (value or b"").replace(b"\n", b" ").replace(b"\r", b" ")
    try:
        is_object = isinstance(json.loads(line.decode()), dict)
    except (ValueError, RecursionError):
        is_object = False
    return (line if line.strip() else b"null") + b"\n", is_object
