"""Settings of the restock queue, for the company."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tillstream.model import audit
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.records import audit_log

COLLECTION, ID = "restock", "settings"
CYCLES, FILL = "cycles", "fill"
"""What the service is a share of: order cycles without a stock-out, or demanded units that are served."""
LOWEST, HIGHEST = 0.5, 0.99
"""Limits of the service."""
MOST_DAYS = 45
"""Longest time between two orders, in days."""


@dataclass(frozen=True)
class RestockSettings:
    """What orders aim at.

    service: share of what `aim` names, from 0.5 to 0.99; of_categories: those with another one.
    review_days: days between two orders of a supplier without an own number. most_weeks: weeks of cover after a
    delivery, at most. budget: money for one store in one run, in the reporting currency; empty: none.
    """

    service: float = 0.95
    aim: str = CYCLES
    review_days: int = 7
    most_weeks: int = 8
    budget: str = ""
    of_categories: Mapping[str, float] = field(default_factory=dict)


def read(ports: Ports) -> RestockSettings:
    document = ports.documents.get(COLLECTION, ID)
    return _decoded(document) if document else RestockSettings()


def save(ports: Ports, settings: RestockSettings, *, by: str) -> None:
    """Save the settings. Raises `Rejected` if one is outside of its limits."""
    if words := _problem(settings):
        raise Rejected(words)

    def changed(document: Document | None) -> Update | Document | None:
        before = _decoded(document) if document else RestockSettings()
        if before == settings:
            return document
        sides = _encoded(before), _encoded(settings)
        return Update(
            sides[1], [audit_log.entry(ports, by, audit.AuditAction.RESTOCK_SETTINGS, "restock queue", *sides)]
        )

    update_document(ports.documents, COLLECTION, ID, changed)


def _problem(settings: RestockSettings) -> str:
    services = (settings.service, *settings.of_categories.values())
    checks = (
        (not all(LOWEST <= one <= HIGHEST for one in services), "The service is a share from 50% to 99%."),
        (settings.aim not in {CYCLES, FILL}, "The service is of cycles or of units."),
        (not 1 <= settings.review_days <= MOST_DAYS, f"Days between two orders: 1 to {MOST_DAYS}."),
        (not 1 <= settings.most_weeks <= 52, "Weeks of cover: 1 to 52."),
        (not _is_amount(settings.budget), "The budget is an amount above 0, or empty."),
    )
    return next((words for applies, words in checks if applies), "")


def _is_amount(text: str) -> bool:
    try:
        return not text or Decimal(text) > 0
    except InvalidOperation:
        return False


def _encoded(settings: RestockSettings) -> dict[str, Any]:
    """Shares as text: documents have no fractions."""
    shares = {name: str(share) for name, share in sorted(settings.of_categories.items())}
    return asdict(settings) | {"service": str(settings.service), "of_categories": shares}


def _decoded(document: Document) -> RestockSettings:
    shares = {name: float(share) for name, share in document.data["of_categories"].items()}
    return RestockSettings(
        **(document.data | {"service": float(document.data["service"]), "of_categories": shares}),
    )
