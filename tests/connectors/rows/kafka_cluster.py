"""librdkafka's mock cluster in a process of its own, as brokers that other clients connect to."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
from confluent_kafka import Producer

PROGRAM = """
import sys
from confluent_kafka import Producer
cluster = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "unused"})
brokers = cluster.list_topics(timeout=10).brokers.values()
print(",".join(f"{broker.host}:{broker.port}" for broker in brokers), flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class Topic:
    """A topic of its own with four partitions, as the mock cluster creates it."""

    brokers: str
    name: str

    def send(self, *values: bytes | None, partition: int = 0) -> None:
        producer = Producer({"bootstrap.servers": self.brokers})
        for value in values:
            producer.produce(self.name, value, key=b"key", partition=partition)
        assert producer.flush(20) == 0


@pytest.fixture(scope="session")
def brokers() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield process.stdout.readline().decode().strip()
        finally:
            process.stdin.close()


@pytest.fixture
def topic(brokers: str) -> Topic:
    return Topic(brokers, f"sales-{uuid4().hex}")
