"""Order policies compared over the company's past sales, for the portal: simulated once a week, after the queue."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tillstream.model.errors import NotFound, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Update, update_document
from tillstream.restock.simulation.run import Options, simulate

COLLECTION, ID = "restock", "policies"
EVERY = timedelta(days=7)
FILLS = (0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)
"""Fill rates at which policies are compared."""


@dataclass(frozen=True)
class PolicyComparison:
    """What `Simulation` has, as of `computed_at`. problem: why there is none, else empty."""

    computed_at: datetime
    problem: str = ""
    first_day: date = date.min
    last_day: date = date.min
    lines: int = 0
    costed_lines: int = 0
    currency: str = ""
    lead_days: int = 0
    review_days: int = 0
    compared: Sequence[Mapping[str, Any]] = ()
    """`Compared` of each fill rate and policy that reaches it."""


def stored(ports: Ports) -> PolicyComparison | None:
    document = ports.documents.get(COLLECTION, ID)
    if document is None:
        return None
    data = json.loads(document.data["text"])
    days = {name: date.fromisoformat(data[name]) for name in ("first_day", "last_day")}
    return PolicyComparison(**(data | days | {"computed_at": datetime.fromisoformat(data["computed_at"])}))


def refresh_due(ports: Ports) -> bool:
    """Simulate again a week after the last time; return whether it did. Raises `Unavailable`."""
    last, now = stored(ports), ports.clock.now()
    if last and now - last.computed_at < EVERY:
        return False
    text = json.dumps(asdict(_simulated(ports, now)), default=lambda value: value.isoformat())  # days and times
    update_document(ports.documents, COLLECTION, ID, lambda _: Update({"text": text}))
    return True


def _simulated(ports: Ports, now: datetime) -> PolicyComparison:
    try:
        result = simulate(ports.warehouse, now.date(), Options())
    except (NotFound, Rejected) as error:
        return PolicyComparison(now, str(error))
    return PolicyComparison(
        now,
        first_day=result.first_day,
        last_day=result.last_day,
        lines=result.lines,
        costed_lines=result.costed_lines,
        currency=result.currency,
        lead_days=result.setting.lead_days,
        review_days=result.setting.review_days,
        compared=[asdict(one) for fill in FILLS for one in result.comparison.at_fill(fill)],
    )
