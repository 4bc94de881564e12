"""The homes that sync to this one: their keys, how far this one has the journal of each, and what is wrong with it."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from tillstream.model.audit import AuditAction
from tillstream.model.errors import Rejected
from tillstream.people import signatures
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Put, Update, update_document
from tillstream.records.batch_records import SYNC_HOMES
from tillstream.records.collection import Collection, only_after
from tillstream.sync import digest_notes, entry_replay, reference_questions, sync_status, undo_requests
from tillstream.sync.home_identity import home_id
from tillstream.sync.journal import JOURNAL_START, JournalPosition
from tillstream.sync.sync_status import SyncStatus

HOME_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

LATE_AFTER = timedelta(hours=24)
"""Time without a contact, or without any of the settlements that are missing, after which a home is late; also time of
failures after which a person must act in the home."""


@dataclass(frozen=True)
class Home:
    """A home that syncs to this one. Times are ISO 8601 UTC text, empty before the first time."""

    name: str
    home_id: str
    public_key: str
    added_by: str
    added_at: str
    removed_at: str = ""
    epoch: int = 1
    number: int = 0
    """The last settlement of the home that this one has."""
    hash: str = JOURNAL_START
    head: int = 0
    """The last settlement that the home had at its last contact."""
    waiting_since: str = ""
    """Since when settlements are missing and none arrived; empty if none is missing."""
    contact_at: str = ""
    agreed_at: str = ""
    agreed_number: int = 0
    differing: tuple[str, ...] = ()
    """Days of receipt whose digests differed at the last comparison."""
    differing_stock: tuple[str, ...] = ()
    """Days of recording whose stock movements differed at the last comparison."""
    regions: tuple[str, ...] = ()
    """The regions of its sales."""
    questions: int = 0
    """Entries of reference data about which a person has to decide in the home, as of its last contact."""
    held: str = ""
    """Why nothing of it is settled now; empty if nothing is held."""
    held_number: int = 0
    released: int = 0
    """The last settlement that an administrator released although the clock of the home was wrong."""
    last_request: int = 0
    """The number of its last request over HTTP, so that none is accepted twice."""

    @property
    def position(self) -> JournalPosition:
        return JournalPosition(self.epoch, self.number, self.hash)

    def has(self, position: JournalPosition) -> bool:
        """Whether the journal of this epoch is here up to a position."""
        return position.epoch == self.epoch and position.number <= self.number

    @property
    def waiting(self) -> int:
        """Settlements of the home that this one lacks, as of the last contact."""
        return max(self.head - self.number, 0)


HOMES = Collection(
    SYNC_HOMES,
    Home,
    "home",
    lambda home: {"home_id": home.home_id},
    sides=only_after,
    missing="No home is called {id}.",
    key="name",
)
get_home, all_homes = HOMES.get, HOMES.find


def add_home(ports: Ports, name: str, public_key: str, by: str) -> Home:
    """Accept what a home with this key sends. Idempotent. Raises `Rejected`.

    name: unique and never changed, as batches of the home have it.
    """
    if not HOME_NAME.fullmatch(name):
        raise Rejected("The name of a home has at most 40 lowercase letters, digits and hyphens, such as berlin-1.")
    try:
        signatures.check_public_key(public_key)
    except ValueError as error:
        raise Rejected("This is not the key that `tillstream sync init` shows in the other home.") from error
    own_id = home_id(public_key)
    other = next((home for home in all_homes(ports) if home.home_id == own_id and home.name != name), None)
    if other:
        raise Rejected(f"The home with this key is already called {other.name}.")
    if to := sync_status.syncs_to(ports):
        raise Rejected(
            f"This Tillstream itself syncs to {to}, which would not receive the sales of {name}. Add {name} there, and "
            "let it sync to that address."
        )
    now = ports.clock.now().isoformat(timespec="seconds")

    def added(document: Document | None) -> Update | Document:
        home = HOMES.record(document) if document else Home(name, own_id, public_key, by, now)
        if home.home_id != own_id:
            raise Rejected(f"Another home is called {name}. Choose another name.")
        if document and not home.removed_at:
            return document
        entry = HOMES.entry(ports, by, AuditAction.SYNC_HOME_ADDED, home, None, {"home_id": own_id})
        return Update(HOMES.data(replace(home, removed_at="")), [entry])

    return HOMES.record(update_document(ports.documents, SYNC_HOMES, name, added))


def remove_home(ports: Ports, name: str, by: str) -> Home:
    """Accept nothing more from a home; what it sent stays, and what the job was to settle of it is dropped. Idempotent.

    Its batches are undone and corrected here from now on. Raises `NotFound`.
    """
    now = ports.clock.now().isoformat(timespec="seconds")

    def removed(home: Home) -> Home | None:
        return None if home.removed_at else replace(home, removed_at=now)

    home = HOMES.change(ports, name, by, AuditAction.SYNC_HOME_REMOVED, removed)
    entry_replay.forget_job_requests(ports, name)
    undo_requests.close_undo_requests(ports, name, by)
    digest_notes.delete_notes(ports, name)  # they do not follow what is decided here
    return home


def release_home(ports: Ports, name: str, by: str) -> Home:
    """Settle what is held as the clock of a home was wrong, when it is sent again. Raises `NotFound`, `Rejected`."""

    def released(home: Home) -> Home:
        if not home.held:
            raise Rejected(f"Nothing of {name} is held.")
        return replace(home, held="", released=home.held_number)

    return HOMES.change(ports, name, by, AuditAction.SYNC_HOME_RELEASED, released)


def find_home_by_id(ports: Ports, id: str) -> Home | None:
    """The home with this ID, unless it was removed."""
    matching = HOMES.find(ports, {"home_id": id})
    return next((home for home in matching if not home.removed_at), None)


def change_home(
    ports: Ports, name: str, changed: Callable[[Home], Home], also: Callable[[Home], list[Put]] = lambda _home: []
) -> Home:
    """Change the document of a home by compare-and-set. Raises `NotFound`, and what `changed` raises.

    also: documents to write in the same transaction, if anything changes.
    """
    now = ports.clock.now().isoformat(timespec="seconds")

    def edited(old: Home) -> Home | None:
        new = _with_wait(old, changed(old), now)
        return None if new == old else new

    return HOMES.note(ports, name, edited, also) or get_home(ports, name)


def _with_wait(old: Home, new: Home, now: str) -> Home:
    since = old.waiting_since if old.number == new.number else ""
    return replace(new, waiting_since=(since or now) if new.waiting else "")


class HomeStanding(StrEnum):
    REMOVED = "removed"
    HELD = "held"
    DIFFERENT = "different"
    NEW = "new"
    LATE = "late"
    BEHIND = "behind"
    IN_STEP = "in-step"


NEEDS_ATTENTION = frozenset({HomeStanding.HELD, HomeStanding.DIFFERENT, HomeStanding.LATE})


def standing_of_home(home: Home, now: datetime) -> HomeStanding:
    """The state of a home that syncs to this one."""
    if home.removed_at:
        return HomeStanding.REMOVED
    if home.held:
        return HomeStanding.HELD
    if home.differing or home.differing_stock:
        return HomeStanding.DIFFERENT
    if not home.contact_at:
        return HomeStanding.NEW
    if _is_over(home.contact_at, now) or _is_over(home.waiting_since, now):
        return HomeStanding.LATE
    return HomeStanding.BEHIND if home.waiting else HomeStanding.IN_STEP


def sync_needs_attention(ports: Ports) -> bool:
    """Whether this home or one that syncs to it is late, held, or in disagreement, or a person must answer here."""
    now = ports.clock.now()
    if (
        reference_questions.count_questions(ports)
        or undo_requests.requests_to_answer(ports)
        or _is_troubled(sync_status.get_status(ports), now)
    ):
        return True
    return any(standing_of_home(home, now) in NEEDS_ATTENTION for home in all_homes(ports))


def _is_troubled(own: SyncStatus, now: datetime) -> bool:
    if not own.to or own.is_stopped:
        return False
    return bool(own.differing or own.differing_stock) or _is_over(own.failing_since, now)


def _is_over(since: str, now: datetime) -> bool:
    return bool(since) and now - datetime.fromisoformat(since) > LATE_AFTER
