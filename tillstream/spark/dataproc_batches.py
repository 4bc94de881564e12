"""Batches of Dataproc Serverless, which run Spark without a cluster: submitted and followed by gcloud.

What a batch stages, and its outcomes, are objects of the bucket staging. The name of a batch follows from its files, so
that a command finds the batch that an earlier one had submitted for the same files, and submits no second one.
"""

import json
import pickle
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from tillstream import gcloud
from tillstream.model.errors import NotFound, Unavailable
from tillstream.model.events import INBOX, STAGING
from tillstream.ports import Clock, ObjectStore
from tillstream.spark.file_tasks import FileOutcome, FileTask

BATCHES_FOLDER, TASKS_OBJECT, OUTCOMES_OBJECT = "spark/", "tasks", "outcomes"
"""Folder of the bucket staging with a folder for each batch, and its objects."""
SPARK_ACCOUNT = "tillstream-spark"
"""The id of the service account of the batches."""
DATAPROC_RUNTIME = "3.0"
"""The version of Dataproc Serverless: Spark 4.0. From it on, the account of a batch needs no rights of Dataproc."""
BATCH_PROGRAM = "file:///opt/tillstream/packages/tillstream/app/batch_program/staging_batch.py"
"""The program of a batch, in the image."""
BATCH_LIFETIME = "24h"
"""After this, Dataproc ends a batch."""
POLL_SECONDS = 15.0
MAX_UNANSWERED = 20
"""Queries of a batch in a row that fail, after which its state is taken as unknown: five minutes and more."""
MAX_TRIES = 5
"""Batches of the same files that failed or were cancelled, after which the files are left to the project."""
MAX_EXECUTORS, CORES = 100, 4
GCLOUD_SECONDS = 300
SUCCEEDED, FINAL_STATES = "SUCCEEDED", frozenset({"SUCCEEDED", "FAILED", "CANCELLED"})
BATCH_PROPERTIES = {
    "spark.executor.cores": str(CORES),
    "spark.sql.session.timeZone": "UTC",
    "spark.task.maxFailures": "4",
}


@dataclass(frozen=True)
class DataprocPlace:
    """Where batches run. buckets: logical bucket → real bucket. subnet: empty: that of the network `default`."""

    project: str
    region: str
    buckets: Mapping[str, str]
    subnet: str = ""

    @property
    def image(self) -> str:
        return f"{self.region}-docker.pkg.dev/{self.project}/tillstream/spark:latest"

    def submission(self, batch: str, files: int) -> list[str]:
        """The arguments of gcloud that submit a batch."""
        executors = max(2, min(MAX_EXECUTORS, -(-files // CORES)))
        properties = BATCH_PROPERTIES | {"spark.dynamicAllocation.maxExecutors": str(executors)}
        return [
            *(
                "dataproc",
                "batches",
                "submit",
                "pyspark",
                BATCH_PROGRAM,
                f"--batch={batch}",
                f"--version={DATAPROC_RUNTIME}",
                "--async",
            ),
            f"--container-image={self.image}",
            f"--service-account={SPARK_ACCOUNT}@{self.project}.iam.gserviceaccount.com",
            f"--staging-bucket={self.buckets[STAGING]}",
            f"--ttl={BATCH_LIFETIME}",
            *([f"--subnet={self.subnet}"] if self.subnet else []),
            f"--properties={','.join(f'{name}={value}' for name, value in properties.items())}",
            "--labels=app=tillstream",
            *self._options(),
            *("--", self.project, self.buckets[INBOX], self.buckets[STAGING], f"{BATCHES_FOLDER}{batch}"),
        ]

    def description(self, batch: str) -> list[str]:
        """The arguments of gcloud that print the state of a batch."""
        return ["dataproc", "batches", "describe", batch, "--format=json(state,stateMessage)", *self._options()]

    def _options(self) -> list[str]:
        return [f"--region={self.region}", f"--project={self.project}", "--quiet"]


def run_batch(
    place: DataprocPlace, objects: ObjectStore, clock: Clock, tasks: Sequence[FileTask], beat: Callable[[], None]
) -> list[FileOutcome]:
    """Stage files in a batch; the outcomes are in any order. beat: called while it runs.

    Raises `Unavailable` if the batch fails, and `Rejected` without gcloud.
    """
    for attempt in range(MAX_TRIES):
        batch = batch_name(tasks, attempt)
        state = _state(place, batch)
        if not state:
            write_tasks(objects, batch, tasks)
            _submit(place, batch, len(tasks))
        ended = _wait(place, batch, state, clock, beat)
        if ended.get("state") == SUCCEEDED:
            try:
                outcomes = read_outcomes(objects, batch, tasks)
            except NotFound:  # the batch of an earlier command, whose outcomes were deleted
                continue
            if state and all(one.fault for one in outcomes):  # an earlier command left the same files with faults
                continue
            return outcomes
        if not state:
            raise Unavailable(f"The batch {batch} of Dataproc is {ended.get('state')}: {ended.get('stateMessage', '')}")
    raise Unavailable(f"{MAX_TRIES} batches of Dataproc failed with the same files, the last one as {batch}.")


def batch_name(tasks: Sequence[FileTask], attempt: int) -> str:
    """The name of a batch, which follows from its files. attempt: from 0 on."""
    uploads = (task.upload for task in tasks)
    lines = sorted(f"{one.batch_id} {one.contract} {one.contract_version}" for one in uploads)
    digest = sha256("\n".join(lines).encode()).hexdigest()[:20]
    return f"tillstream-{digest}-{attempt}"


def write_tasks(objects: ObjectStore, batch: str, tasks: Sequence[FileTask]) -> None:
    with objects.writer(STAGING, f"{BATCHES_FOLDER}{batch}/{TASKS_OBJECT}") as writer:
        writer.write(pickle.dumps(list(tasks)))


def read_tasks(objects: ObjectStore, folder: str) -> list[FileTask]:
    """Only accounts that write staged rows can write tasks, and the batch that reads them has fewer rights."""
    with objects.open(STAGING, f"{folder}/{TASKS_OBJECT}") as stream:
        return list(pickle.loads(stream.read()))  # noqa: S301


def write_outcomes(
    objects: ObjectStore, folder: str, tasks: Sequence[FileTask], outcomes: Sequence[FileOutcome]
) -> None:
    """One line of JSON for each task: the id of its batch in the field `place`, and its outcome."""
    rows = (asdict(one) | {"place": tasks[one.place].upload.batch_id} for one in outcomes)
    with objects.writer(STAGING, f"{folder}/{OUTCOMES_OBJECT}") as writer:
        writer.write("".join(f"{json.dumps(row)}\n" for row in rows).encode())


def read_outcomes(objects: ObjectStore, batch: str, tasks: Sequence[FileTask]) -> list[FileOutcome]:
    """Raises `NotFound` if the batch has written none."""
    places = {task.upload.batch_id: place for place, task in enumerate(tasks)}
    with objects.open(STAGING, f"{BATCHES_FOLDER}{batch}/{OUTCOMES_OBJECT}") as stream:
        rows = [json.loads(line) for line in stream]
    return [FileOutcome(**row | {"place": places[row["place"]]}) for row in rows]


def _submit(place: DataprocPlace, batch: str, files: int) -> None:
    done = _gcloud(place.submission(batch, files))
    if done.returncode and "ALREADY_EXISTS" not in done.stderr and "already exists" not in done.stderr:
        raise Unavailable(f"The batch {batch} of Dataproc cannot be submitted: {gcloud.reason(done)}")


def _wait(
    place: DataprocPlace, batch: str, state: Mapping[str, Any], clock: Clock, beat: Callable[[], None]
) -> Mapping[str, Any]:
    """The last state. Raises `Unavailable` if the state cannot be queried for long; the batch continues then."""
    unanswered = 0
    while state.get("state") not in FINAL_STATES:
        clock.sleep(POLL_SECONDS)
        beat()
        try:
            state, unanswered = _state(place, batch) or state, 0
        except Unavailable:
            unanswered += 1
            if unanswered == MAX_UNANSWERED:
                raise
    return state


def _state(place: DataprocPlace, batch: str) -> Mapping[str, Any]:
    """The state of a batch; empty if there is none. Raises `Unavailable`."""
    done = _gcloud(place.description(batch))
    if done.returncode == 0:
        return dict(json.loads(done.stdout))
    if "NOT_FOUND" in done.stderr:
        return {}
    raise Unavailable(f"The batch {batch} of Dataproc cannot be queried: {gcloud.reason(done)}")


def _gcloud(words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    return gcloud.run(("gcloud", *words), GCLOUD_SECONDS, "gcloud")
