"""Requests of people to run a connector now, in the background."""

from tillstream import audit
from tillstream.audit import AuditAction
from tillstream.connectors import records, status
from tillstream.domain.errors import Rejected
from tillstream.ports import Ports


def request_run(ports: Ports, name: str, by: str) -> None:
    """Make a connector due at once. Raises `NotFound`, and `Rejected` if it is paused."""
    if records.get(ports, name).is_paused:
        raise Rejected(f"The connector {name} is paused. Resume it first.")
    status.make_due(ports, name)
    audit.record(ports, by, AuditAction.CONNECTOR_RUN, name)
