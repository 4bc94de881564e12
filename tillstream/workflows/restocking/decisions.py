"""Decisions about lines of the restock queue. A decision ends with the need: a later need is asked again."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from tillstream.catalogue.records import document_id
from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import audit_log

COLLECTION = "restock_decisions"
OPEN, ORDERED, SNOOZED, DISMISSED = "open", "ordered", "snoozed", "dismissed"
REASONS = ("discontinued", "enough for now", "too expensive", "ordered elsewhere", "wrong number", "other")
Pair = tuple[str, str, str]
"""Region, store and product."""


def pair_of(row: Mapping[str, Any]) -> Pair:
    """The pair of a line of the queue."""
    return row["region"], row["store_id"], row["product"]


@dataclass(frozen=True)
class Decision:
    """state: ORDERED, SNOOZED or DISMISSED. until: day (ISO 8601) from which a snoozed line is open again.

    reason: why it is dismissed, or the number of its order.
    """

    region: str
    store_id: str
    product: str
    state: str
    by: str
    reason: str = ""
    until: str = ""

    @property
    def pair(self) -> Pair:
        return self.region, self.store_id, self.product

    def is_over(self, today: date) -> bool:
        """Whether its time has passed."""
        return self.state == SNOOZED and date.fromisoformat(self.until) <= today


def read(ports: Ports) -> dict[Pair, Decision]:
    """All decisions by pair."""
    decisions = (Decision(**one.data) for one in ports.documents.find(COLLECTION))
    return {one.pair: one for one in decisions}


def decide(ports: Ports, decisions: Sequence[Decision], *, by: str) -> None:
    """Record decisions, in place of earlier ones. Raises `Rejected` for a dismissal without a reason."""
    for one in decisions:
        if one.state == DISMISSED and one.reason not in REASONS:
            raise Rejected(f"Choose a reason: {', '.join(REASONS)}.")
    for first in range(0, len(decisions), 100):
        puts: list[Put] = []
        for one in decisions[first : first + 100]:
            puts.append(Put(COLLECTION, document_id(*one.pair), asdict(one)))
            after = {
                name: value for name, value in asdict(one).items() if value and name in {"state", "reason", "until"}
            }
            puts.append(audit_log.entry(ports, by, audit.AuditAction.RESTOCK_DECIDED, _subject(one.pair), None, after))
        ports.documents.put_all(puts)


def reopen(ports: Ports, pairs: Sequence[Pair], *, by: str) -> None:
    """Take back the decisions about pairs. Idempotent."""
    for pair in pairs:
        ports.documents.delete(COLLECTION, document_id(*pair))
        audit_log.record(ports, by, audit.AuditAction.RESTOCK_DECIDED, _subject(pair), None, {"state": OPEN})


def forget(ports: Ports, decisions: Mapping[Pair, Decision], needed: set[Pair], today: date) -> None:
    """Delete decisions whose time has passed, or whose product is no longer needed."""
    for pair, one in decisions.items():
        if one.is_over(today) or pair not in needed:
            ports.documents.delete(COLLECTION, document_id(*pair))


def _subject(pair: Pair) -> str:
    region, store_id, product = pair
    return f"restocking of {product} in {region}/{store_id}"
