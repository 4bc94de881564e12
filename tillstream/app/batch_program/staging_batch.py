"""The program of a batch of Dataproc Serverless: stage the files of its tasks on the Spark session of the batch.

Its account reads the inbox and writes into staging; it needs no records and no ledger.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial

from tillstream.app.home_objects import open_project_objects
from tillstream.model.events import INBOX, STAGING
from tillstream.spark import file_tasks
from tillstream.spark.dataproc_batches import read_tasks, write_outcomes
from tillstream.spark.file_tasks import FileOutcome, FileTask, OpenedHome


def main(project: str, inbox: str, staging: str, folder: str) -> None:
    """inbox, staging: real names of the buckets. folder: of the tasks and the outcomes in staging."""
    run(partial(open_project_objects, project, {INBOX: inbox, STAGING: staging}), folder, file_tasks.stage_in_session)


def run(
    open_objects: Callable[[], OpenedHome],
    folder: str,
    run_tasks: Callable[[Sequence[FileTask], Callable[[], OpenedHome]], Sequence[FileOutcome]],
) -> None:
    """Run the tasks of a folder, and write their outcomes. Raises what `run_tasks` raises."""
    objects = open_objects().objects
    tasks = read_tasks(objects, folder)
    write_outcomes(objects, folder, tasks, run_tasks(tasks, open_objects))


if __name__ == "__main__":
    main(*sys.argv[1:])
