"""Staged rows that are gone or damaged: their batches are staged again from the original.

The staging bucket deletes objects after some time, and a disk can change them.
"""

from collections.abc import Iterable

from tillstream.model.batch import Batch, BatchState, StagingReport
from tillstream.model.errors import NotFound
from tillstream.model.events import STAGING
from tillstream.ports import ObjectStore, Ports
from tillstream.records import batch_originals, batch_records
from tillstream.records.batch_originals import UnreadableOriginal
from tillstream.records.batch_registration import digest_of_stream


def exists(objects: ObjectStore, names: Iterable[str]) -> bool:
    try:
        for name in names:
            objects.stat(STAGING, name)
    except NotFound:
        return False
    return True


def is_whole(objects: ObjectStore, report: StagingReport) -> bool:
    """Return whether the staged objects exist and have the bytes that were written. Raises `Unavailable`.

    Where the store itself compares bytes with their checksum, only whether they exist.
    """
    if objects.keeps_checksums:
        return exists(objects, report.objects)
    if not report.digests:  # staged by an earlier version
        return all(_is_decodable(objects, name) for name in report.objects)
    return all(
        _digest(objects, name) == expected for name, expected in zip(report.objects, report.digests, strict=True)
    )


def _digest(objects: ObjectStore, name: str) -> str:
    """The SHA-256 of a staged object; empty if it is gone or cannot be read."""
    try:
        with objects.open(STAGING, name) as stream:
            return digest_of_stream(stream)
    except (NotFound, OSError):
        return ""


def _is_decodable(objects: ObjectStore, name: str) -> bool:
    from pyarrow import parquet as pq  # lazy: this module is also used where no rows are read

    try:
        with objects.open(STAGING, name) as stream:
            for _ in pq.ParquetFile(stream).iter_batches():
                pass
    except NotFound:
        return False
    except Exception:  # noqa: BLE001 - any: structures, encodings and sizes of a damaged file are arbitrary
        return False
    return True


def expired(ports: Ports, upload: Batch) -> bool:
    """Return True if the batch was staged and its staged rows have expired."""
    return upload.staged is not None and not exists(ports.objects, upload.staged.objects)


def damaged(ports: Ports, upload: Batch) -> bool:
    """Return True if the batch was staged and its staged rows have expired or are damaged. Raises `Unavailable`."""
    return upload.staged is not None and not is_whole(ports.objects, upload.staged)


def restage(ports: Ports, upload: Batch) -> Batch:
    """Reset a batch to received, so that it is staged again; confirmations are kept. Idempotent.

    If its original is lost as well, it is rejected and the loss recorded.
    """
    try:
        batch_originals.check_original(ports, upload, trusting=True)
    except UnreadableOriginal as error:
        return batch_originals.reject_unreadable(ports, upload, error)
    staged_states = frozenset({BatchState.HELD, BatchState.STAGED})
    moved = batch_records.transition_batch(
        ports, upload.batch_id, BatchState.RECEIVED, only_from=staged_states, holds=(), staged=None, proposed=None
    )
    if moved.state is BatchState.RECEIVED:
        batch_records.publish_received(ports, moved)
    return moved


def delete_staged(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
