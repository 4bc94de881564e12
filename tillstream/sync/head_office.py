"""The head office, as a home sees it, and the one in this process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from tillstream.contracts.registry import ContractRegistry
from tillstream.model.batch import CLOCK_TOLERANCE, receipt_time
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Put
from tillstream.records import batch_originals, batch_records
from tillstream.stock import movement_mirror, stored_levels
from tillstream.stock.stored_movements import StoredMovement
from tillstream.sync import agreement, entry_replay, homes, journal, stock_exchange, undo_requests
from tillstream.sync.entry_replay import Replayer, contract_name_at_home, entries_settled_together
from tillstream.sync.homes import Home
from tillstream.sync.journal import JOURNAL_ORIGIN, JournalEntry, JournalPosition, Parcel, SentBatch
from tillstream.sync.reference_entries import ReferenceChange, ReferencePage, SavedChange
from tillstream.sync.reference_exchange import (
    ReferenceOffice,
    ReferenceState,
    differing_groups,
    follow_saved,
    page_of_groups,
    reference_token,
    save_changes,
)
from tillstream.sync.refusals import CLOCK_OFF, OTHER_POSITION, OTHER_VERSION, Refused
from tillstream.sync.stock_exchange import StockOffice
from tillstream.sync.undo_requests import UndoRequest, UndoRequestOffice


@dataclass(frozen=True)
class SyncHello:
    """The first request of a sync. head: its last settlement. base: what an earlier epoch confirmed of the entries that
    its journal of this epoch begins with. escaped: see `batch_records.are_sale_ids_escaped`."""

    epoch: int
    head: int
    base: JournalPosition
    escaped: bool


class HeadOffice(StockOffice, ReferenceOffice, UndoRequestOffice, Protocol):
    """Raises `Refused`, `Rejected`, and `Unavailable`: try again. Every call is idempotent."""

    def hello(self, hello: SyncHello) -> JournalPosition:
        """How far the head office has the journal of this home."""

    def missing(self, batches: Sequence[SentBatch]) -> Mapping[str, int]:
        """SHA-256 → bytes that have arrived, of those originals that the head office does not have."""

    def add_part(self, sha256: str, offset: int, data: bytes) -> int:
        """Send a part of an original; returns how many bytes have arrived without a gap."""

    def apply(self, parcel: Parcel) -> JournalPosition:
        """Send entries and return the position after them."""

    def compare(self, digests: Mapping[str, str]) -> Sequence[str]:
        """Compare digests by day of receipt; returns the days that differ."""

    def entries(self, after: int) -> Parcel:
        """What the head office has of this home, in the order and by the settlement numbers of the head office.

        A part of it, which can end with an entry without batches; after its last entry, the next part begins.
        """

    def read(self, batch_id: str, offset: int) -> bytes:
        """A part of an original that this home sent; empty at its end."""


@dataclass(frozen=True)
class LocalOffice:
    """The head office in this process, for one call of a home. at: the clock of the home when it sent the call, UTC."""

    ports: Ports
    contracts: ContractRegistry
    name: str
    at: datetime

    def hello(self, hello: SyncHello) -> JournalPosition:
        self._check_clock()
        if hello.escaped != batch_records.are_sale_ids_escaped(self.ports):
            raise Refused(OTHER_VERSION, "The home and the head office write the IDs of sales differently.")
        now = self.ports.clock.now().isoformat(timespec="seconds")

        def met(home: Home) -> Home:
            home = replace(home, contact_at=now, head=hello.head)
            if hello.epoch > home.epoch:
                base = hello.base if home.has(hello.base) else JOURNAL_ORIGIN
                return replace(home, epoch=hello.epoch, number=base.number, hash=base.hash)
            return home

        return homes.change_home(self.ports, self.name, met).position

    def missing(self, batches: Sequence[SentBatch]) -> Mapping[str, int]:
        absent = {batch.sha256 for batch in batches if not entry_replay.find_original(self.ports, self.name, batch)}
        return {sha256: entry_replay.received_bytes(self.ports, self.name, sha256) for sha256 in sorted(absent)}

    def add_part(self, sha256: str, offset: int, data: bytes) -> int:
        return entry_replay.add_original_part(self.ports, self.name, sha256, offset, data)

    def apply(self, parcel: Parcel) -> JournalPosition:
        home = homes.get_home(self.ports, self.name)
        end = parcel.end
        if home.has(end):
            return home.position  # sent again
        rest = parcel.rest(home.position)  # a call that broke off is sent again as it was
        if rest is None:
            raise Refused(
                OTHER_POSITION, f"The entries do not follow entry {home.number}, the last one of {self.name}."
            )
        self._check_clock()
        self._check_times(home, rest.entries)
        after, replayer = rest.after, Replayer(self.ports, self.contracts, self.name, self.name)
        for group in entries_settled_together(rest.entries):
            replayer.settle(rest, group)
            settled = Parcel(after, tuple(group))
            home = self._advance(settled)  # after each group: a call that breaks off is continued there
            after = settled.end
        return home.position

    def _advance(self, settled: Parcel) -> Home:
        batches = {batch for entry in settled.entries for batch in entry.touched}

        def also(home: Home) -> list[Put]:
            return [agreement.put_of_touched(self.ports, self.name, settled.after.hash, home.hash, batches)]

        return homes.change_home(self.ports, self.name, lambda home: _advanced(home, settled), also)

    def compare(self, digests: Mapping[str, str]) -> Sequence[str]:
        days = agreement.compare_digests(self.ports, homes.get_home(self.ports, self.name), digests)
        now = self.ports.clock.now().isoformat(timespec="seconds")

        def compared(home: Home) -> Home:
            if days:
                return replace(home, differing=tuple(days))
            return replace(home, differing=(), agreed_at=now, agreed_number=home.number)

        homes.change_home(self.ports, self.name, compared)
        return days

    def entries(self, after: int) -> Parcel:
        entries = journal.journal_part(self.ports, after, self.name)
        contracts: dict[str, Mapping[str, Any]] = {}
        named = [self._with_own_names(entry, contracts) for entry in entries]
        return Parcel(JournalPosition(number=after), tuple(named), contracts)

    def _with_own_names(self, entry: JournalEntry, contracts: dict[str, Mapping[str, Any]]) -> JournalEntry:
        """The entry with the names that contracts have in the home; adds these contracts to `contracts`."""
        batches = []
        for batch in entry.batches:
            contract = journal.contract_of_batch(self.ports, batch)
            name = contract_name_at_home(str(batch.fields["contract"]), self.name)
            renamed = replace(batch, fields={**batch.fields, "contract": name})
            if contract:
                contracts[renamed.contract] = {**contract, "name": name}
            batches.append(renamed)
        return replace(entry, batches=tuple(batches))

    def read(self, batch_id: str, offset: int) -> bytes:
        batch = batch_records.get_batch(self.ports, batch_id)
        if batch.home != self.name:
            raise NotFound(f"There is no batch {batch_id}.")
        with batch_originals.open_original(self.ports, batch) as stream:
            stream.seek(offset)
            return stream.read(entry_replay.PART_BYTES)

    def compare_stock(self, digests: Mapping[str, str]) -> Sequence[str]:
        days = agreement.differing_digests(movement_mirror.movement_digests(self.ports, self.name), digests)
        homes.change_home(self.ports, self.name, lambda home: replace(home, differing_stock=tuple(days)))
        return days

    def stock(self, day: str, offset: int) -> Sequence[StoredMovement]:
        movements = movement_mirror.movements_recorded_on(self.ports, date.fromisoformat(day), self.name)
        return movements[offset : offset + stock_exchange.MOVEMENTS_AT_ONCE]

    def add_stock(self, movements: Sequence[StoredMovement]) -> int:
        count = stock_exchange.add_movements(self.ports, movements, self.name)
        stored_levels.follow_movement(self.ports)
        return count

    def reference_state(self, questions: int) -> ReferenceState:
        home = homes.change_home(
            self.ports, self.name, lambda now: replace(self._with_regions(now), questions=questions)
        )
        follow_saved(self.ports)
        return ReferenceState(reference_token(self.ports), home.regions)

    def _with_regions(self, home: Home) -> Home:
        """The home with the regions of its sales, which homes of an older version lack."""
        if home.regions or not home.number:
            return home
        documents = self.ports.documents.find(batch_records.BATCHES, {"home": self.name})
        return replace(home, regions=tuple(sorted({one.data["region"] for one in documents} - {""})))

    def compare_reference(self, digests: Mapping[str, str]) -> Sequence[str]:
        return differing_groups(self.ports, self._regions, digests)

    def reference(self, kind: str, groups: Sequence[str], after: str) -> ReferencePage:
        return page_of_groups(self.ports, self._regions, kind, groups, after)

    def save_reference(self, changes: Sequence[ReferenceChange]) -> Sequence[SavedChange]:
        return save_changes(self.ports, changes, f"sync {self.name}", self._regions)

    def requests(self, answers: Sequence[UndoRequest]) -> Sequence[UndoRequest]:
        return undo_requests.note_undo_answers(self.ports, self.name, answers)

    @property
    def _regions(self) -> tuple[str, ...]:
        return homes.get_home(self.ports, self.name).regions

    def _check_clock(self) -> None:
        off = self.at - self.ports.clock.now()
        if abs(off) <= CLOCK_TOLERANCE:
            homes.change_home(
                self.ports, self.name, lambda home: replace(home, held="") if _is_held_by_clock(home) else home
            )
            return
        side = "ahead of" if off > timedelta(0) else "behind"
        self._hold(
            f"The clock of the home is {int(abs(off).total_seconds() // 60)} minutes {side} that of the head office. "
            "Set it right; what is held follows with the next sync.",
            0,
        )

    def _check_times(self, home: Home, entries: Sequence[JournalEntry]) -> None:
        """Hold batches from the future: they would count before all that is received until then."""
        latest = self.ports.clock.now() + CLOCK_TOLERANCE
        for entry in entries:
            if entry.number <= home.released:
                continue
            for batch in entry.counted:
                if receipt_time(batch.received_seq) > latest:
                    self._hold(
                        f"{batch.fields['file']} was received at a time in the future, as the clock of the home was "
                        f"wrong. It is held until then, or until `tillstream sync homes release {self.name}`. Before "
                        "that, reprocess the file in the home with the time at which it was received.",
                        entries[-1].number,
                    )

    def _hold(self, why: str, number: int) -> None:
        homes.change_home(self.ports, self.name, lambda home: replace(home, held=why, held_number=number))
        raise Refused(CLOCK_OFF, why)


def _is_held_by_clock(home: Home) -> bool:
    return bool(home.held) and not home.held_number


def _advanced(home: Home, parcel: Parcel) -> Home:
    if home.position != parcel.after:
        return home  # another request was faster
    end = parcel.end
    regions = {str(batch.fields["region"]) for entry in parcel.entries for batch in entry.batches} - {""}
    home = replace(home, regions=tuple(sorted({*home.regions, *regions})))
    return replace(home, number=end.number, hash=end.hash, head=max(home.head, end.number), held="", held_number=0)
