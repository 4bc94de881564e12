"""An app that leaves large settlements to a job, and the job's starts."""

from dataclasses import replace

from tillstream.app import App
from tillstream.model.errors import Unavailable

ROWS = 3
"""Rows above which a settlement is large."""


class StartedJobs:
    """Jobs that are only counted: a test runs what they would run. May be out of reach."""

    def __init__(self) -> None:
        self.starts: list[str] = []
        self.is_reachable = True

    def start(self, name: str) -> None:
        if not self.is_reachable:
            raise Unavailable("Cloud Run is out of reach.")
        self.starts.append(name)

    def close(self) -> None:
        """Has nothing to release."""


def with_jobs(app: App, rows: int = ROWS) -> tuple[App, StartedJobs]:
    jobs = StartedJobs()
    limits = replace(app.ports.limits, settled_rows=rows)
    return replace(app, ports=replace(app.ports, jobs=jobs, limits=limits)), jobs
