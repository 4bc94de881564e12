"""A head office whose portal leaves the calls of homes to a function, as in a project; both are in this process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from call_recorder import Calls, record_calls
from faults.functions_in_process import FunctionsInProcess
from large_settlements import with_jobs
from sync.two_homes import connected

from tillstream.app import App
from tillstream.operations import large_settlements


class by_function(connected):  # noqa: N801 - used as a function
    """As `connected`; what the portal and the function call is recorded. rows: of the largest settlement."""

    def __init__(self, folder: Path, rows: int = 500_000, **options: Any) -> None:
        super().__init__(folder, **options)
        self.rows = rows
        self.calls_of_portal: Calls = set()
        self.calls_of_function: Calls = set()

    def run_job(self, calls: Calls | None = None) -> int:
        """Do what the job `settle-large` does; returns the number of settlements. calls: records them."""
        job = record_calls(self.app, set() if calls is None else calls)
        return int(large_settlements.settle_large(job.ports, job.contracts)["settled"])

    def _app_of_portal(self, office: App) -> App:
        self.app, self.jobs = with_jobs(office, self.rows)
        self.functions = FunctionsInProcess(record_calls(self.app, self.calls_of_function))
        portal = replace(self.app, ports=replace(self.app.ports, functions=self.functions))
        return record_calls(portal, self.calls_of_portal)
