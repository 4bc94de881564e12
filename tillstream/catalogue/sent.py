"""Save entries of another home exactly as they are there: many together, each if it is as that side expects."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from tillstream.catalogue import checks, records, saving
from tillstream.catalogue.records import STATE, STATE_ID, Stored
from tillstream.catalogue.stored import StoredCatalogue
from tillstream.catalogue.world import OneChange
from tillstream.domain.catalogue.entries import Entry, EntryKind, is_withdrawn
from tillstream.domain.catalogue.problems import InvalidEntry
from tillstream.model.errors import Conflict
from tillstream.ports import Ports
from tillstream.ports.documents import Put


@dataclass(frozen=True)
class SentEntry:
    """An entry with its versions and the times of its amounts. regions: those that exist.

    may_replace: whether the stored entry (None: none) is the one that the other side expects.
    """

    kind: EntryKind
    entry: Entry
    may_replace: Callable[[Entry | None], bool]
    regions: Collection[str]


@dataclass(frozen=True)
class Outcome:
    """version: of the stored entry; 0 if it was not saved. why: the entry is refused, in words."""

    version: int = 0
    why: str = ""


def save(ports: Ports, sent: Sequence[SentEntry], by: str) -> list[Outcome]:
    """Save entries, with their history and audit entries; the outcome of each.

    An entry that is refused is tried again after the others, as it may need one of them. The reads are those of the
    documents that the entries name. Idempotent. Raises `ImportRunning`, and `Conflict` after many changes by others.
    """
    for _ in range(saving.TRIES):
        try:
            return _Saving(ports, by).save(sent)
        except Conflict:
            continue
    raise Conflict("The catalogue is being changed by others. Try again in a minute.")


class _Saving:
    """One try. Raises `Conflict` if somebody else saves an entry meanwhile."""

    def __init__(self, ports: Ports, by: str) -> None:
        self._ports, self._by = ports, by
        state = records.state(ports)
        if state.data["import"]:
            raise saving.ImportRunning
        self._revision, self._state_version = int(state.data["revision"]), state.version
        self._stored = StoredCatalogue(ports)
        self._chunk: list[Put] = []

    def save(self, sent: Sequence[SentEntry]) -> list[Outcome]:
        outcomes: dict[int, Outcome] = {}
        left, count = list(range(len(sent))), len(sent) + 1
        while left and len(left) < count:
            count = len(left)
            outcomes |= {place: self._one(sent[place]) for place in left}
            left = [place for place in left if outcomes[place].why]
        self._commit()
        return [outcomes[place] for place in range(len(sent))]

    def _one(self, sent: SentEntry) -> Outcome:
        stored, entry = self._stored.get(sent.kind, sent.entry.key), sent.entry
        before = stored.entry if stored else None
        if stored and before == entry:
            return Outcome(stored.version)
        if not sent.may_replace(before):
            return Outcome()
        if not is_withdrawn(entry):
            problems = checks.check(entry, before, OneChange(self._stored, entry), sent.regions)
            if problems:
                return Outcome(why=str(InvalidEntry(problems)))
        self._add(sent.kind, entry, stored)
        return Outcome(stored.version + 1 if stored else 1)

    def _add(self, kind: EntryKind, entry: Entry, stored: Stored | None) -> None:
        audited = saving.audited(self._ports, kind, stored.entry if stored else None, entry, self._by)
        revision = self._revision + 1
        puts = [*saving.puts_of(self._ports, kind, entry, stored, revision, self._by), audited]
        written = {(put.collection, put.id) for put in self._chunk}
        if self._chunk and (len(self._chunk) + len(puts) >= saving.CHUNK_PUTS or not _ids(puts).isdisjoint(written)):
            self._commit()
            puts = [*saving.puts_of(self._ports, kind, entry, stored, self._revision + 1, self._by), audited]
        self._chunk += puts
        self._stored.add(kind, Stored(entry, stored.version + 1 if stored else 1, self._revision + 1))

    def _commit(self) -> None:
        if not self._chunk:
            return
        revision = {"revision": self._revision + 1, "import": ""}
        state = Put(STATE, STATE_ID, revision, if_version=self._state_version)
        self._ports.documents.put_all([*self._chunk, state])
        self._revision, self._state_version, self._chunk = self._revision + 1, self._state_version + 1, []


def _ids(puts: Sequence[Put]) -> set[tuple[str, str]]:
    return {(put.collection, put.id) for put in puts}
