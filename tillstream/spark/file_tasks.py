"""What runs on Spark: a task stages one file in a Python worker, by the same code as everywhere else."""

import json
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from tillstream.absent_pandas import hide_pandas
from tillstream.model.batch import Batch, StagingReport
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.limits import Limits
from tillstream.pipeline.validating.unusual_values import CopiedHistory
from tillstream.ports import Clock, ObjectStore
from tillstream.records.batch_registration import digest_of_stream
from tillstream.spark import spark_session

OUTCOME_SCHEMA = "place long, report string, code string, message string, fault string"
"""Columns of `FileOutcome` for Spark, which matches columns by position."""
OUTCOME_COLUMNS = pa.schema(
    [("place", pa.int64()), *((name, pa.string()) for name in ("report", "code", "message", "fault"))]
)


@dataclass(frozen=True)
class FileTask:
    """An upload to stage. contract: as the home reads it. Tasks of one contract share it and its history."""

    upload: Batch
    contract: Contract
    history: CopiedHistory
    limits: Limits


@dataclass(frozen=True)
class FileOutcome:
    """place: of the task. report: as JSON. code, message: why the file cannot be read. fault: of the process or the
    store; the file can be staged again."""

    place: int
    report: str = ""
    code: str = ""
    message: str = ""
    fault: str = ""

    def result(self) -> StagingReport | Rejected | None:
        """The result of staging the file; None if there is a fault."""
        if self.fault:
            return None
        if self.report:
            return StagingReport.from_json(json.loads(self.report))
        error = Rejected(self.message)
        error.code = self.code
        return error


@dataclass(frozen=True)
class OpenedHome:
    """The home as a worker sees it."""

    objects: ObjectStore
    clock: Clock


def run_file_tasks(
    batches: Iterator[pa.RecordBatch], tasks: Sequence[FileTask], open_home: Callable[[], OpenedHome]
) -> Iterator[pa.RecordBatch]:
    """Stage the files at the places that `batches` contains, for `mapInArrow`. A fault of a file ends no other."""
    hide_pandas()  # pyarrow and pandera would load it, and pandera all of pyspark.pandas with it
    home = open_home()
    for batch in batches:
        outcomes = [asdict(run_file_task(tasks[place], place, home)) for place in batch.column(0).to_pylist()]
        yield pa.RecordBatch.from_pylist(outcomes, schema=OUTCOME_COLUMNS)


def run_file_task(task: FileTask, place: int, home: OpenedHome) -> FileOutcome:
    """Stage one file under a prefix of its own: a task that Spark runs twice writes other objects."""
    try:
        return FileOutcome(place, report=json.dumps(asdict(_write_rows(task, home))))
    except NotFound as error:
        return FileOutcome(place, fault=str(error))
    except Rejected as error:
        return FileOutcome(place, code=error.code, message=str(error))
    except Exception:  # noqa: BLE001 - one file must not end the job
        return FileOutcome(place, fault=traceback.format_exc(limit=-3))


def _write_rows(task: FileTask, home: OpenedHome) -> StagingReport:
    from tillstream.pipeline.staging.open_source import open_file  # loads all readers, needed in workers only
    from tillstream.pipeline.staging.write_rows import write_rows

    upload = task.upload
    open_original: Callable[[], Any] = partial(home.objects.open, upload.bucket, upload.object, upload.generation)
    with open_original() as stream:
        if upload.sha256 and digest_of_stream(stream) != upload.sha256:
            raise NotFound(f"The kept original {upload.bucket}/{upload.object} is damaged.")
    source = open_file(open_original, upload, task.contract, task.limits)
    prefix = f"{upload.batch_id}/{home.clock.tick()}"
    return write_rows(home.objects, prefix, source, task.contract, task.history)


def stage_in_session(tasks: Sequence[FileTask], open_home: Callable[[], OpenedHome]) -> list[FileOutcome]:
    """Stage files in the process of Spark; the outcomes are in any order. Raises `Unavailable` if the job fails."""

    def work(batches):  # type: ignore[no-untyped-def]
        return run_file_tasks(batches, tasks, open_home)

    try:
        rows = (
            spark_session.active_session()
            .range(0, len(tasks), 1, len(tasks))
            .mapInArrow(work, OUTCOME_SCHEMA)
            .collect()
        )
    except Exception as error:  # noqa: BLE001 - of Java
        raise spark_session.spark_failure(error) from None
    return [FileOutcome(**row.asDict()) for row in rows]
