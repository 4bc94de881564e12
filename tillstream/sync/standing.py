"""The state of a home at its head office, for pages: late, held, in disagreement, or in step."""

from datetime import datetime, timedelta
from enum import StrEnum

from tillstream.ports import Ports
from tillstream.sync import homes, requests, status
from tillstream.sync.homes import Home
from tillstream.sync.reference import questions
from tillstream.sync.status import Status

LATE_AFTER = timedelta(hours=24)
"""Time without a contact after which a home is late."""


class Standing(StrEnum):
    REMOVED = "removed"
    HELD = "held"
    DIFFERENT = "different"
    NEW = "new"
    LATE = "late"
    BEHIND = "behind"
    IN_STEP = "in-step"


NEEDS_ATTENTION = frozenset({Standing.HELD, Standing.DIFFERENT, Standing.LATE})


def of(home: Home, now: datetime) -> Standing:
    """The state of a home that syncs to this one."""
    if home.removed_at:
        return Standing.REMOVED
    if home.held:
        return Standing.HELD
    if home.differing or home.differing_stock:
        return Standing.DIFFERENT
    if not home.contact_at:
        return Standing.NEW
    if now - datetime.fromisoformat(home.contact_at) > LATE_AFTER:
        return Standing.LATE
    return Standing.BEHIND if home.waiting else Standing.IN_STEP


def needs_attention(ports: Ports) -> bool:
    """Whether this home or one that syncs to it is late, held, or in disagreement, or a person must answer here."""
    now = ports.clock.now()
    if questions.count(ports) or requests.to_answer(ports) or _is_troubled(status.get(ports), now):
        return True
    return any(of(home, now) in NEEDS_ATTENTION for home in homes.every(ports))


def _is_troubled(own: Status, now: datetime) -> bool:
    if not own.to or own.is_stopped:
        return False
    failed_since = datetime.fromisoformat(own.error_at) if own.error and own.error_at else None
    last = datetime.fromisoformat(own.sent_at) if own.sent_at else failed_since
    return bool(own.differing or own.differing_stock) or bool(own.error and last and now - last > LATE_AFTER)
