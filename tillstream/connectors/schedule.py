"""When the connectors of a project run: a job reads all that are due, and is started when there is one."""

from collections.abc import Iterator

from tillstream.connectors import run
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.runs import Run
from tillstream.contracts.registry import ContractRegistry
from tillstream.ports import Ports
from tillstream.ports.machine import CONNECT_JOB
from tillstream.records import job_runs

MOST_TURNS = 500
"""Turns of one run of the job, each a share of time for each connector that is due; the next run continues."""


def has_due(ports: Ports) -> bool:
    """Whether a connector is due. Reads the documents of the connectors and of their states."""
    return bool(run.due(ports))


def start_if_due(ports: Ports) -> bool:
    """Start the job of a project if a connector is due and no run of the job is at work. Raises `Unavailable`."""
    return bool(ports.jobs) and has_due(ports) and job_runs.start_job(ports, CONNECT_JOB)


def run_all(ports: Ports, contracts: ContractRegistry, access: SourceAccess) -> Iterator[Run]:
    """Run the connectors that are due, turn by turn, until none is; yield the runs as they end."""
    with job_runs.job_reserved(ports, CONNECT_JOB):
        for _ in range(MOST_TURNS):
            ended = run.run_due(ports, contracts, access)
            yield from ended
            if not ended:
                return
            job_runs.renew_reservation(ports, CONNECT_JOB)
