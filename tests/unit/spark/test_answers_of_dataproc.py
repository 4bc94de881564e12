"""Batches of Dataproc whose state gcloud cannot query, and outcomes of earlier commands, with a fake gcloud."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_program import write_program

from tillstream.adapters.local.clock import ManualClock
from tillstream.adapters.local.files.object_store import FolderObjectStore
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import Unavailable
from tillstream.model.events import INBOX, STAGING
from tillstream.model.limits import Limits
from tillstream.spark import dataproc_batches
from tillstream.spark.file_tasks import FileOutcome, FileTask

Answer = tuple[int, str, str]
ABSENT: Answer = (1, "", "ERROR: NOT_FOUND: Not found: Batch")
SUBMITTED: Answer = (0, "{}", "")
RUNNING: Answer = (0, '{"state": "RUNNING"}', "")
SUCCEEDED: Answer = (0, '{"state": "SUCCEEDED"}', "")
FAILS: Answer = (1, "", "ERROR: (gcloud.dataproc.batches.describe) UNAVAILABLE: 503")
PLACE = dataproc_batches.DataprocPlace("demo", "europe-west1", {INBOX: "demo-inbox", STAGING: "demo-staging"})
NOTHING: Any = None


def uploaded(batch_id: str) -> FileTask:
    upload = Batch(
        batch_id=batch_id,
        kind=BatchKind.UPLOAD,
        bucket=INBOX,
        object=f"{batch_id}.csv",
        generation=1,
        size=9,
        file=f"{batch_id}.csv",
        contract="online-retail-uk",
        contract_version=1,
        region="UK",
        received_seq=1,
        received_at="2026-06-01T00:00:00+00:00",
        received_by="connector backfill",
    )
    return FileTask(upload, NOTHING, NOTHING, Limits())


TASKS = [uploaded("one"), uploaded("two")]


@dataclass
class Gcloud:
    """The fake: it answers in the order of `answers`, and writes its arguments into a log."""

    answers: Path
    log: Path

    def answer(self, *answers: Answer) -> None:
        self.answers.write_text(json.dumps(answers), encoding="utf-8")

    def calls(self, verb: str) -> list[list[str]]:
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return [words for words in map(json.loads, lines) if words[2] == verb]


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gcloud:
    fake = Gcloud(tmp_path / "answers.json", tmp_path / "log")
    write_program(
        tmp_path / "gcloud",
        "import json, sys\n"
        f"open({str(fake.log)!r}, 'a').write(json.dumps(sys.argv[1:]) + '\\n')\n"
        f"calls = len(open({str(fake.log)!r}).readlines())\n"
        f"code, out, error = json.load(open({str(fake.answers)!r}))[calls - 1]\n"
        "print(out)\n"
        "print(error, file=sys.stderr)\n"
        "sys.exit(code)\n",
        "-IS",
    )
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return fake


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def objects(tmp_path: Path, clock: ManualClock) -> FolderObjectStore:
    return FolderObjectStore(tmp_path / "objects", clock)


def run(objects: FolderObjectStore, clock: ManualClock, *outcomes: Sequence[FileOutcome]) -> list[FileOutcome]:
    """Run a batch. outcomes: those of the first try, the second, and so on, as their programs write them."""
    for attempt, each in enumerate(outcomes):
        folder = f"{dataproc_batches.BATCHES_FOLDER}{dataproc_batches.batch_name(TASKS, attempt)}"
        dataproc_batches.write_outcomes(objects, folder, TASKS, each)
    return dataproc_batches.run_batch(PLACE, objects, clock, TASKS, beat=lambda: None)


GOOD = [FileOutcome(0, message="no columns"), FileOutcome(1, message="no columns")]
FAULTS = [FileOutcome(0, fault="503 of the store"), FileOutcome(1, fault="503 of the store")]


def test_a_query_of_the_state_that_fails_does_not_abandon_a_batch(
    gcloud: Gcloud, objects: FolderObjectStore, clock: ManualClock
) -> None:
    fails = [FAILS] * (dataproc_batches.MAX_UNANSWERED - 1)
    gcloud.answer(ABSENT, SUBMITTED, RUNNING, *fails, RUNNING, FAILS, SUCCEEDED)
    assert run(objects, clock, GOOD) == GOOD


def test_a_batch_whose_state_is_unknown_for_long_is_a_fault(
    gcloud: Gcloud, objects: FolderObjectStore, clock: ManualClock
) -> None:
    gcloud.answer(ABSENT, SUBMITTED, *[FAILS] * dataproc_batches.MAX_UNANSWERED)
    with pytest.raises(Unavailable, match="cannot be queried"):
        run(objects, clock, GOOD)


def test_the_outcomes_of_an_earlier_command_are_not_used_if_they_are_only_faults(
    gcloud: Gcloud, objects: FolderObjectStore, clock: ManualClock
) -> None:
    gcloud.answer(SUCCEEDED, ABSENT, SUBMITTED, RUNNING, SUCCEEDED)
    assert run(objects, clock, FAULTS, GOOD) == GOOD
    assert len(gcloud.calls("submit")) == 1


def test_the_outcomes_of_an_earlier_command_are_used_if_a_file_has_one(
    gcloud: Gcloud, objects: FolderObjectStore, clock: ManualClock
) -> None:
    gcloud.answer(SUCCEEDED)
    assert run(objects, clock, [GOOD[0], FAULTS[1]]) == [GOOD[0], FAULTS[1]]


def test_faults_of_the_batch_of_this_command_are_its_outcomes(
    gcloud: Gcloud, objects: FolderObjectStore, clock: ManualClock
) -> None:
    gcloud.answer(ABSENT, SUBMITTED, SUCCEEDED)
    assert run(objects, clock, FAULTS) == FAULTS
