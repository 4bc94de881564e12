"""Requests of people to run a connector now, in the background."""

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.connectors import records, schedule, status
from tillstream.ports import Ports


def request_run(ports: Ports, name: str, by: str) -> None:
    """Let the next turn of the schedule run a connector, also one that is paused or failed; in a project, start the
    job. Raises `NotFound`, `Unavailable`."""
    connector = records.get(ports, name)
    status.request(ports, connector.name)
    audit.record(ports, by, AuditAction.CONNECTOR_RUN, connector.name)
    schedule.start_if_due(ports)
