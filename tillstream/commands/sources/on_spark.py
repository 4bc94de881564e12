"""The option `--engine spark` of backfills: their files are staged on Spark, and settled here like any other."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tillstream.app import App
from tillstream.app.home_objects import open_home
from tillstream.connectors import backfills
from tillstream.domain.batch.record import State
from tillstream.domain.errors import Rejected, Unavailable
from tillstream.spark import file_job
from tillstream.spark.file_tasks import FileTask, Outcome
from tillstream.spark.process import SparkProcess
from tillstream.spark.staging import stage_files

ENGINES = LOCAL, SPARK = ("local", "spark")
STATES = (State.RECEIVED, State.STAGING, State.FAILED)
"""In the order in which an interrupted staging is resumed."""


@dataclass
class Spark:
    """Stages what a backfill has taken in, and counts it."""

    app: App
    process: SparkProcess
    files: int = 0
    faults: list[str] = field(default_factory=list)

    def stage(self, name: str) -> None:
        """Stage what waits of the backfill `name`. What Spark fails with is left to this process."""
        ports = self.app.ports
        waiting = {batch.batch_id: batch for batch in backfills.in_state(ports, name, *STATES)}
        batches = sorted(waiting.values(), key=lambda one: (STATES.index(one.state), -one.received_seq))
        try:
            staged = stage_files(ports, self.app.contracts, batches, self._run)
        except Unavailable as error:
            self.faults.append(str(error))
            return
        self.files += staged.files
        self.faults += staged.faults

    def _run(self, tasks: Sequence[FileTask]) -> Sequence[Outcome]:
        home = partial(open_home, str(self.app.settings.home.absolute()))
        return self.process.call(file_job.run, tasks, home)

    def described(self) -> dict[str, Any]:
        return {"files": self.files, "faults": self.faults}


@contextmanager
def opened(app: App, engine: str, master: str, *, job: bool) -> Iterator[Spark | None]:
    """Start Spark for the engine `spark`; None for the engine `local`.

    Raises `Rejected` if Spark is not installed, or if another process or a project stages the files.
    """
    if engine == LOCAL:
        if master:
            raise Rejected("A master belongs to the engine spark: add --engine spark.")
        yield None
        return
    if engine != SPARK:
        raise Rejected(f"There is no engine {engine}. The engines are {' and '.join(ENGINES)}.")
    if app.settings.project:
        raise Rejected(
            "In a project, a function stages each file as soon as it is in the bucket inbox. Leave out --engine spark."
        )
    if job:
        raise Rejected("With --job, the server stages the files. Leave out --job or --engine spark.")
    if app.has_worker:
        raise Rejected("The server of this home stages its files. Stop the server, then run the same command again.")
    with SparkProcess(master) as process:
        yield Spark(app, process)
