"""The job that stages files: one file is one task."""

from collections.abc import Callable, Sequence

from tillstream.spark import session
from tillstream.spark.file_tasks import SCHEMA, FileTask, Opened, Outcome, run_tasks


def run(tasks: Sequence[FileTask], open_home: Callable[[], Opened]) -> list[Outcome]:
    """Stage files in the process of Spark; the outcomes are in any order. Raises `Unavailable` if the job fails."""

    def work(batches):  # type: ignore[no-untyped-def]
        return run_tasks(batches, tasks, open_home)

    try:
        rows = session.active().range(0, len(tasks), 1, len(tasks)).mapInArrow(work, SCHEMA).collect()
    except Exception as error:  # noqa: BLE001 - of Java
        raise session.failed(error) from None
    return [Outcome(**row.asDict()) for row in rows]
