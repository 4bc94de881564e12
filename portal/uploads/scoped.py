"""Batches and contracts within the scope of the user."""

import heapq
from collections.abc import Iterator, Sequence

from portal.context import me, ports, scope, tillstream
from portal.translation import _
from tillstream.model import batch
from tillstream.model.batch import FILE_KINDS, Batch, BatchKind, BatchState
from tillstream.model.contract import Contract
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.people import BeyondScope
from tillstream.records import batch_records
from tillstream.review.held_batches import find_held_alike
from tillstream.review.sale_overlap import LineLookup, warehouse_lookup

CHUNK = 200


def covers(upload: Batch) -> bool:
    return batch.may_see_batch(scope(), me().login, upload)


def visible_batch(batch_id: str) -> Batch:
    """A batch in the scope of the user. Raises `NotFound` for others too, so as not to reveal that they exist."""
    upload = batch_records.get_batch(ports(), batch_id)
    if not covers(upload):
        raise NotFound(_("There is no batch {batch_id}.", batch_id=batch_id))
    return upload


def changeable_batch(batch_id: str, *, with_corrections: bool = False) -> Batch:
    """A batch about which the user may decide. Raises `NotFound` as `visible_batch`, and `BeyondScope` if it concerns
    others too.

    with_corrections: also about the corrections of it.
    """
    upload = visible_batch(batch_id)
    corrections = batch_records.child_batches(ports(), batch_id, BatchKind.CORRECTION) if with_corrections else []
    if not batch.may_change_batches(scope(), upload, corrections):
        raise BeyondScope(
            _(
                "{file} also contains sales of stores that are not yours. Somebody who is not limited to stores can "
                "do this.",
                file=upload.file,
            )
        )
    return upload


def held_alike(upload: Batch) -> list[Batch]:
    """The other held files that the same answer fits, about which the user may decide."""
    bounds = scope()
    return [
        one
        for one in find_held_alike(ports(), upload)
        if batch.may_see_batch(bounds, me().login, one) and batch.may_change_batches(bounds, one, [])
    ]


def newest_batches(kinds: Sequence[BatchKind] = FILE_KINDS, state: BatchState | None = None) -> Iterator[Batch]:
    """Batches of these kinds in the scope of the user, newest first, read lazily."""
    for upload in heapq.merge(*(_of_kind(kind, state) for kind in kinds), key=lambda one: -one.received_seq):
        if covers(upload):
            yield upload


def _of_kind(kind: BatchKind, state: BatchState | None) -> Iterator[Batch]:
    offset = 0
    while batches := batch_records.find_batches(ports(), state=state, kind=kind, limit=CHUNK, offset=offset):
        yield from batches
        if len(batches) < CHUNK:
            return
        offset += CHUNK


def visible_contracts() -> list[Contract]:
    """Contracts that the user may upload with, sorted by name."""
    registry, bounds = tillstream().contracts, scope()
    current = (registry.current(name) for name in registry.names())
    return sorted((one for one in current if bounds.covers_region(one.region)), key=lambda one: one.name.casefold())


def contracts_in_use() -> set[str]:
    """Names of the contracts that the company uses; all in a new home."""
    return tillstream().contracts.names_to_choose()


def visible_contract(name: str) -> Contract:
    """As `ContractRegistry.pin`, for a contract that the user may upload with. Raises `Rejected` for others."""
    if any(one.name == name for one in visible_contracts()):
        return tillstream().contracts.pin(name)
    raise Rejected(_("Choose the data source of the file."))


def delivered_sales() -> LineLookup:
    """Look up sales that a file may repeat, among those in the scope of the user."""
    return warehouse_lookup(ports().warehouse, scope())
