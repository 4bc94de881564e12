"""Small protocols that the pipeline talks through; adapters implement them."""

from dataclasses import dataclass

from tillstream.domain.limits import LIMITS, Limits
from tillstream.domain.password_cost import PASSWORD_COST, PasswordCost
from tillstream.ports.clock import Clock
from tillstream.ports.document_store import DocumentStore
from tillstream.ports.event_bus import EventBus
from tillstream.ports.object_store import ObjectStore
from tillstream.ports.warehouse import Warehouse

__all__ = ["Clock", "DocumentStore", "EventBus", "ObjectStore", "Ports", "Warehouse"]


@dataclass(frozen=True)
class Ports:
    """What a step of the pipeline may touch."""

    objects: ObjectStore
    warehouse: Warehouse
    bus: EventBus
    documents: DocumentStore
    clock: Clock
    limits: Limits = LIMITS
    """What a file may unfold to."""
    password_cost: PasswordCost = PASSWORD_COST
    """What one guess of a password costs; tests that prove something else make it cheap."""
