"""The stores room: putting a store's sale on the bus, so that the pipeline receives it like any other."""

import json
from dataclasses import dataclass
from typing import Any

from tillstream.domain.errors import Rejected
from tillstream.domain.events import TOPIC_STORE_SALES
from tillstream.domain.store_sale import faults
from tillstream.ports import Ports
from tillstream.ports.event_bus import Message


class NotAStoreSale(Rejected):
    """The payload breaks the schema or speaks for another store; `problems` says where, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("This is not a sale of this store: " + "; ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class StoreToken:
    """Whom a token speaks for."""

    region: str
    store_id: str


def publish(ports: Ports, store: StoreToken, payload: Any) -> str:
    """Publish one sale; its id `region/store/number`. Repeating it with the same number and version changes nothing.

    Raises `NotAStoreSale`, `Unavailable`.
    """
    problems = faults(payload)
    if not problems:
        problems = [
            f"{name}: this token speaks for {getattr(store, name)}"
            for name in ("region", "store_id")
            if payload[name] != getattr(store, name)
        ]
    if problems:
        raise NotAStoreSale(problems)
    body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
    attributes = {"region": store.region, "store_id": store.store_id}
    ports.bus.publish(TOPIC_STORE_SALES, [Message(body, attributes)])
    return f"{store.region}/{store.store_id}/{payload['number']}"
