"""Expiry of staged rows: the staging bucket deletes objects after some time. Batches held for longer are staged again
from the original."""

from collections.abc import Iterable

from tillstream.batches import events, records
from tillstream.domain.batch.record import Batch, State
from tillstream.domain.errors import NotFound
from tillstream.domain.events import STAGING
from tillstream.ports import Ports


def exists(ports: Ports, names: Iterable[str]) -> bool:
    try:
        for name in names:
            ports.objects.stat(STAGING, name)
    except NotFound:
        return False
    return True


def is_readable(ports: Ports, names: Iterable[str]) -> bool:
    """Return whether the staged objects exist and none is cut off: the end of a Parquet file has its structure."""
    import pyarrow as pa  # lazy: this module is also used where no rows are read
    from pyarrow import parquet as pq

    try:
        for name in names:
            with ports.objects.open(STAGING, name) as stream:
                pq.read_metadata(stream)
    except (NotFound, pa.ArrowInvalid):
        return False
    return True


def expired(ports: Ports, upload: Batch) -> bool:
    """Return True if the batch was staged and its staged rows have expired."""
    return upload.staged is not None and not exists(ports, upload.staged.objects)


def restage(ports: Ports, upload: Batch) -> None:
    """Reset a batch to received, so that it is staged again; confirmations are kept. Idempotent."""
    staged_states = frozenset({State.HELD, State.STAGED})
    moved = records.transition(
        ports, upload.batch_id, State.RECEIVED, only_from=staged_states, holds=(), staged=None, proposed=None
    )
    if moved.state is State.RECEIVED:
        events.publish_received(ports, moved)


def delete_staged(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
