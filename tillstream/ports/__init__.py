"""Protocols of the external services that the pipeline uses; adapters implement them."""

from dataclasses import dataclass

from tillstream.model.limits import LIMITS, Limits
from tillstream.model.people import PASSWORD_COST, PasswordCost
from tillstream.ports.bus import EventBus
from tillstream.ports.documents import DocumentStore
from tillstream.ports.jobs import Functions, Jobs
from tillstream.ports.machine import Clock
from tillstream.ports.objects import ObjectStore
from tillstream.ports.warehouse import SaleIndex, Warehouse

__all__ = ["Clock", "DocumentStore", "EventBus", "Functions", "Jobs", "ObjectStore", "Ports", "SaleIndex", "Warehouse"]


@dataclass(frozen=True)
class Ports:
    """The services that a pipeline step may use."""

    objects: ObjectStore
    warehouse: Warehouse
    bus: EventBus
    documents: DocumentStore
    clock: Clock
    limits: Limits = LIMITS
    """Limits on the size of files and of settlements."""
    password_cost: PasswordCost = PASSWORD_COST
    """Cost of a password hash; tests of other things lower it."""
    jobs: Jobs | None = None
    """None: everything is settled in the process that is at work, as on a laptop, where DuckDB spills to disk."""
    functions: Functions | None = None
    """Of the portal of a project, which may not write the ledger; None: this process does its work itself."""
