"""Held files that one decision answers: of one sender and one contract, held for the same reasons."""

import json
import re
from collections.abc import Callable, Iterable
from contextlib import suppress

from tillstream.model.batch import Batch, BatchState, HoldCode
from tillstream.model.errors import Rejected
from tillstream.ports import Ports
from tillstream.records import batch_records

Key = tuple[object, ...]
_NAMING = frozenset(
    {
        HoldCode.UNKNOWN_CONTRACT,
        HoldCode.REGION_REQUESTED,
        HoldCode.OTHER_CONTRACT,
        HoldCode.FOREIGN_SALES,
        HoldCode.OTHER_REGION,
    }
)
"""Holds whose question is another one for another region, contract, country or currency, which their message names."""
_COUNT = re.compile(r"(?<!\S)[0-9][0-9,]*(?!\S)")


def group_alike(held: Iterable[Batch]) -> list[list[Batch]]:
    """The held batches in groups that one decision answers, each in order of receipt; the largest group first."""
    groups: dict[Key, list[Batch]] = {}
    for batch in sorted(held, key=lambda one: one.received_seq):
        groups.setdefault(_key(batch), []).append(batch)
    return sorted(groups.values(), key=len, reverse=True)


def find_alike(ports: Ports, upload: Batch) -> list[Batch]:
    """The other batches of the group of a held one, in order of receipt; none if it is not held."""
    if upload.state is not BatchState.HELD:
        return []
    where = {
        "received_by": upload.received_by,
        "state": BatchState.HELD.value,
        "kind": upload.kind.value,
        "contract": upload.contract,
    }
    held = (Batch.from_json(document.data) for document in ports.documents.find(batch_records.BATCHES, where))
    alike = (one for one in held if _key(one) == _key(upload) and one.batch_id != upload.batch_id)
    return sorted(alike, key=lambda one: one.received_seq)


def decide_alike(upload: Batch, others: Iterable[Batch], decide: Callable[[str], Batch]) -> list[Batch]:
    """Decide about a batch and others by their ids; return them as they are then.

    Raises what `decide` raises for the batch itself. Another one that it rejects, such as one that somebody else
    decided about meanwhile, is left out.
    """
    return [decide(upload.batch_id), *decide_each(others, decide).values()]


def decide_each(batches: Iterable[Batch], decide: Callable[[str], Batch]) -> dict[str, Batch]:
    """Decide about batches; return those by id that were not rejected, as they are then."""
    decided = {}
    for batch in batches:
        with suppress(Rejected):
            decided[batch.batch_id] = decide(batch.batch_id)
    return decided


def _key(batch: Batch) -> Key:
    proposed = json.dumps(batch.proposed.contract, sort_keys=True) if batch.proposed else ""
    named = tuple(_COUNT.sub("", hold.message) for hold in batch.holds if hold.code in _NAMING)
    return batch.received_by, batch.kind, batch.home, batch.contract, batch.hold_codes, named, proposed
