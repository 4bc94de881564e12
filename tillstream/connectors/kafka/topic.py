"""A topic: its partitions, and its messages between offsets. The only module that imports Kafka's library."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tillstream.connectors.source import Access
from tillstream.model.errors import Rejected, TillstreamError, Unavailable

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
Ranges = dict[int, tuple[int, int]]
"""Partition: offset of its first message, and of the next one that will be written."""


def broker(text: str) -> tuple[str, int]:
    """Host and port. Raises `Rejected` for another text."""
    host, _, port = text.strip().rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise Rejected(f"“{text.strip()[:100]}” is not a broker such as kafka1.example.com:9093.")
    return host.strip("[]"), int(port)


class Topic:
    """A topic, read by assigned partitions: its consumer joins no group. Methods raise `Rejected` and `Unavailable`."""

    def __init__(self, name: str, brokers: str, configuration: Mapping[str, str], access: Access) -> None:
        """configuration: settings of librdkafka for security and the group."""
        from confluent_kafka import Consumer

        self._name, self._brokers, self._access = name, brokers, access
        self._failure: TillstreamError | None = None
        for host, port in map(broker, brokers.split(",")):
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

    def ranges(self) -> Ranges:
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
