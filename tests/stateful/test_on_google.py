"""Schedules on the adapters for a cloud, with crashes in all stages: the results match the model.

The ports are Cloud Storage, BigQuery, Pub/Sub and Firestore on emulators, put together by the composition root of a
cloud; a worker does by itself what a project's functions and schedules do. Fewer schedules than on a laptop, and no
longer ones, as a settlement takes seconds on an emulator and every one is settled three times: twice by the rebuilds.

What is otherwise than on a laptop, and why that is as in a project:

- Time is real, since the services tell it: of files by their generation, of messages by their publish time.
- Leases of a process that died are ended at once, where a project waits ten minutes for it. Pub/Sub itself delivers
  the messages again, as other deliveries with the attempts counted. No schedule can meet a lease that ends while its
  holder still lives; the contract of the bus does (`EventBusLeases`).
- A bucket's notification is published by the process that wrote, because the emulator of Cloud Storage publishes none.
  So a crash may lose one, which Cloud Storage would publish; the sweep finds the object.
- Messages of one millisecond share their place in time. Equal ones are stored as one message.
- Pub/Sub does not report queue depths: at the end nothing may be leased, and nothing may be delivered.
- A file that is uploaded again has another name: the emulator of Cloud Storage keeps no older generations.
- A contract that is edited is a document, not a file.

The operations are named, so that few schedules meet many of them; what is in each is drawn. None was found that an
emulator makes impossible. Dead letters are asked for, and there must be none.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest
from stateful.on_google import GoogleSystem
from stateful.schedules import Schedule, run

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("pubsub", "firestore", "cloud_storage", "bigquery")]

Point = tuple[str, str]
STAGE: tuple[Point, ...] = (
    ("objects.writer staging", "before"),
    ("objects.writer staging", "after"),
    ("documents.put batches staging", "after"),
    ("documents.put batches staged", "before"),
    ("bus.publish batch.staged", "before"),
)
SETTLE: tuple[Point, ...] = (
    ("warehouse.settle staged", "before"),
    ("warehouse.settle staged", "after"),
    ("documents.put batches settled", "after"),
    ("bus.publish batch.settled", "before"),
    ("bus.acknowledge batches", "before"),
)
ANNOUNCE: tuple[Point, ...] = (
    ("bus.publish sale-events", "before"),
    ("bus.publish sale-events", "after"),
    ("documents.put batches announced", "before"),
    ("documents.put batches announced", "after"),
    ("documents.put announcements", "before"),
)


def played(seed: int, operations: Sequence[str], crashes: Sequence[Point], parent_folder: Path | None = None) -> None:
    """These operations, what is in them drawn from the seed; each crash at the first time that its step is taken."""
    rng = Random(seed)
    steps = tuple((name, rng.randrange(1 << 30)) for name in operations)
    tally = run(Schedule(seed, rng.random() < 0.4, steps, tuple(crashes)), parent_folder, kind=GoogleSystem)
    assert set(tally.crashes) == set(crashes), "not every crash happened"
    assert len(+tally.operations) >= len(operations) - 1, "operations found nothing to do"


def test_crashes_while_it_stages_lose_and_double_nothing(tmp_path: Path) -> None:
    played(4, ["file", "message", "repeat", "fix", "correction", "redelivery", "work"], STAGE, tmp_path)


def test_crashes_while_it_settles_lose_and_double_nothing(tmp_path: Path) -> None:
    played(1, ["file", "overlap", "message", "work", "undo", "sweep"], SETTLE, tmp_path)


def test_crashes_while_it_announces_lose_and_double_nothing(tmp_path: Path) -> None:
    played(1, ["file", "work", "another contract", "confirm", "replay", "confirm as new"], ANNOUNCE, tmp_path)
