"""How often the exchange rates of each month were loaded: a smaller number than before shows a restored backup."""

from contextlib import suppress

import pyarrow as pa
import pyarrow.compute as pc

from tillstream.domain.errors import Conflict
from tillstream.ports import Ports
from tillstream.ports.document_store import Document, Update, update

LOADS = ("upkeep", "rate_months")
"""Document with the number of loads by month, such as `2026-05`, and whether daily rates do not follow them yet."""


def by_month(ports: Ports) -> dict[str, int]:
    """Month → its number of loads, of months that were loaded."""
    return _loads(ports.documents.get(*LOADS))


def total(ports: Ports) -> int:
    """A number that grows with each load."""
    return sum(by_month(ports).values())


def pending(ports: Ports) -> Document | None:
    """The document, if there are loads that daily rates do not follow."""
    document = ports.documents.get(*LOADS)
    return document if document and document.data["is_pending"] else None


def note_followed(ports: Ports, followed: Document) -> None:
    """Note that daily rates follow the loads. followed: as of `pending`; loads since then stay pending."""
    with suppress(Conflict):
        ports.documents.put(*LOADS, followed.data | {"is_pending": False}, if_version=followed.version)


def raise_months(ports: Ports, rates: pa.Table) -> None:
    """Count a load. rates: rows of `fx_rates`."""
    months = pc.unique(pc.strftime(rates["rate_date"], format="%Y-%m")).to_pylist()

    def counted(document: Document | None) -> Update:
        loads = _loads(document)
        raised = {month: loads.get(month, 0) + 1 for month in sorted(months)}
        return Update({"months": loads | raised, "is_pending": True})

    update(ports.documents, *LOADS, counted)


def _loads(document: Document | None) -> dict[str, int]:
    return dict(document.data["months"]) if document else {}
