"""Kafka topics: messages from the offsets of the cursor to the ends that the partitions have when a run starts."""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from io import BytesIO

from tillstream.connectors.kafka.topic import Topic, broker
from tillstream.connectors.rows import chained_key, digest
from tillstream.connectors.setting_values import whole_number
from tillstream.connectors.source import Access, Cursor, Item, Kind, Setting, Source
from tillstream.model.errors import Rejected, TillstreamError

SECURITY = ("SSL", "SASL_SSL", "PLAINTEXT", "SASL_PLAINTEXT")
FORMATS = ("rows", "store-sales")
SETTINGS = (
    Setting("brokers", "Brokers", "For example kafka1.example.com:9093, kafka2.example.com:9093", is_required=True),
    Setting("topic", "Topic", is_required=True, resets_cursor=True),
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


class KafkaSource(Source):
    def __init__(self, settings: Mapping[str, str], access: Access) -> None:
        self._settings, self._access = settings, access
        self._max_messages = whole_number(settings, "max_messages", at_least=1, at_most=1_000_000)
        for text in settings["brokers"].split(","):
            broker(text)
        if settings["security"].startswith("SASL") and not (settings["user"] and settings["password"]):
            raise Rejected(f"{settings['security']} needs the settings user and password.")
        self._opened: Topic | None = None
        self._ends: dict[int, int] = {}
        self._offsets: dict[int, int] = {}
        self._notes: list[str] = []
        self._others, self._first_other = 0, ""

    def _topic(self) -> Topic:
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
            self._opened = Topic(settings["topic"], settings["brokers"], configuration, self._access)
        return self._opened

    def test(self) -> str:
        ranges = self._topic().ranges()
        count = sum(end - start for start, end in ranges.values())
        return f"The topic {self._settings['topic']} has {len(ranges)} partitions with about {count:,} messages."

    def pull(self, cursor: Cursor) -> Iterator[Item]:
        self._start(cursor)
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
