"""The uploads area's view of records and contracts: those of the person's regions, and no others."""

import heapq
from collections.abc import Iterator

from portal.context import me, ports, scope, tillstream
from tillstream.batches import records
from tillstream.domain.batch import State, Upload
from tillstream.domain.contract.model import Contract
from tillstream.domain.errors import NotFound, Rejected

FILES = ("upload", "replay")
CHUNK = 200


def covers(upload: Upload) -> bool:
    """Whether a batch is the person's: of their regions, and for whoever is bound to stores, of those alone or given
    by themselves; a receipt tells the sums of all of its rows."""
    bounds = scope()
    if not bounds.covers_region(upload.region):
        return False
    return upload.received_by == me().login or bounds.covers_stores(upload.staged.get("stores"))


def own(batch_id: str) -> Upload:
    """Raises `NotFound` also for another region's: whether it exists is not for everybody."""
    upload = records.get(ports(), batch_id)
    if not covers(upload):
        raise NotFound(f"There is no batch {batch_id}.")
    return upload


def newest(kinds: tuple[str, ...] = FILES, state: State | None = None) -> Iterator[Upload]:
    """The person's batches of these kinds, newest first, read as far as they are asked for."""
    for upload in heapq.merge(*(_of_kind(kind, state) for kind in kinds), key=lambda one: -one.received_seq):
        if covers(upload):
            yield upload


def _of_kind(kind: str, state: State | None) -> Iterator[Upload]:
    offset = 0
    while found := records.find(ports(), state=state, kind=kind, limit=CHUNK, offset=offset):
        yield from found
        if len(found) < CHUNK:
            return
        offset += CHUNK


def contracts() -> list[Contract]:
    """The contracts that the person may upload with, by name."""
    book, bounds = tillstream().book, scope()
    found = (book.current(name) for name in book.names())
    return sorted((one for one in found if bounds.covers_region(one.region)), key=lambda one: one.name.casefold())


def contract(name: str) -> Contract:
    """As `ContractBook.used`; raises `Rejected` for a contract that is not the person's."""
    if any(one.name == name for one in contracts()):
        return tillstream().book.used(name)
    raise Rejected("Choose the contract that the file was written for.")
