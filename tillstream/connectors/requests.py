"""Requests of people to run a connector now, in the background."""

import contextlib

from tillstream.connectors import records, schedule, status
from tillstream.model.audit import AuditAction
from tillstream.model.errors import Unavailable
from tillstream.ports import Ports
from tillstream.records import audit_log


def request_run(ports: Ports, name: str, by: str) -> None:
    """Let the next turn of the schedule run a connector, also one that is paused or failed; in a project, start the
    job, or leave the start to the next sweep. Raises `NotFound`."""
    connector = records.get(ports, name)
    status.request(ports, connector.name)
    audit_log.record(ports, by, AuditAction.CONNECTOR_RUN, connector.name)
    with contextlib.suppress(Unavailable):  # the request is kept
        schedule.start_if_due(ports)
