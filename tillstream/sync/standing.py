"""The state of a home at its head office, for pages: late, held, in disagreement, or in step."""

from datetime import datetime, timedelta
from enum import StrEnum

from tillstream.ports import Ports
from tillstream.sync import homes, requests, status
from tillstream.sync.homes import Home
from tillstream.sync.reference import questions
from tillstream.sync.status import Status

LATE_AFTER = timedelta(hours=24)
"""Time without a contact, or without any of the settlements that are missing, after which a home is late; also time of
failures after which a person must act in the home."""


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
    if _is_over(home.contact_at, now) or _is_over(home.waiting_since, now):
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
    return bool(own.differing or own.differing_stock) or _is_over(own.failing_since, now)


def _is_over(since: str, now: datetime) -> bool:
    return bool(since) and now - datetime.fromisoformat(since) > LATE_AFTER
