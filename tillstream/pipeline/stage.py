"""Stage: an upload becomes accepted and refused rows in the staging bucket; no shared table is touched."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, BinaryIO

import pyarrow as pa

from tillstream.domain.contract import Contract
from tillstream.domain.errors import Rejected
from tillstream.domain.problems import CATALOGUE
from tillstream.domain.uploads import MAY_STAGE, Hold, State, Upload
from tillstream.pipeline import say, uploads
from tillstream.pipeline.ahead import ahead
from tillstream.pipeline.contracts import contract_version
from tillstream.pipeline.staged import Account, Part, staged_writer
from tillstream.ports import Ports

Progress = Callable[[int], None]


def stage(ports: Ports, batch: str, progress: Progress | None = None) -> Upload:
    """Stage one batch. Repeatable and safe beside itself: each run writes its own path, one wins the record.

    Raises `NotFound`, `Unavailable`; a file that cannot be read ends as a rejected record, not as an error.
    """
    upload = uploads.get(ports, batch)
    if upload.state not in MAY_STAGE:
        return upload
    uploads.move(ports, batch, State.STAGING, among=MAY_STAGE)
    prefix = f"{batch}/{ports.clock.tick()}"
    try:
        account = write(ports, upload, prefix, progress)
    except Rejected as error:
        return uploads.move(ports, batch, State.REJECTED, among=MAY_STAGE, error=str(error))
    return staged(ports, upload, account)


def staged(ports: Ports, upload: Upload, account: Account, **changes: Any) -> Upload:
    """Write down what was staged and say so, or hold it for a person."""
    hold = too_many_refused(upload, account, _threshold(ports, upload))
    state = State.HELD if hold else State.STAGED
    moved = uploads.move(
        ports, upload.batch_id, state, among=MAY_STAGE, staged=asdict(account), holds=(hold,) if hold else (), **changes
    )
    if moved.state is State.STAGED:
        say.staged(ports, moved)
    return moved


def _threshold(ports: Ports, upload: Upload) -> float:
    if upload.kind not in ("upload", "replay"):
        return 1.0
    return contract_version(ports.documents, upload.contract, upload.contract_version).refused_threshold


def too_many_refused(upload: Upload, account: Account, threshold: float) -> Hold | None:
    rows = account.rows_read - account.rows_blank - account.rows_ignored
    code = "too-many-refused"
    if code in upload.confirmed or account.rows_refused <= threshold * rows:
        return None
    return Hold(code, CATALOGUE[code].says(value=str(account.rows_refused), detail=str(rows)))


def write(ports: Ports, upload: Upload, prefix: str, progress: Progress | None = None) -> Account:
    """Stage under a prefix without touching the record. Raises `Rejected` for a file that cannot be read."""
    contract = contract_version(ports.documents, upload.contract, upload.contract_version)
    with staged_writer(ports.objects, prefix) as writer:
        for part in ahead(_parts(ports, upload, contract)):
            writer.add(part)
            if progress:
                progress(part.table.num_rows + part.blank + len(part.refused))
        account = writer.finish()
    # settling follows in the same process on a laptop, and needs the memory
    pa.default_memory_pool().release_unused()
    return account


def _parts(ports: Ports, upload: Upload, contract: Contract) -> Iterator[Part]:
    """The rows of a batch by its kind; heavy libraries load here and not where light events are handled."""

    def open_original() -> BinaryIO:
        return ports.objects.open(upload.bucket, upload.object, upload.generation)

    received = datetime.fromisoformat(upload.received_at)
    if upload.kind == "messages":
        from tillstream.pipeline.messages import message_parts

        return message_parts(open_original, contract, received.date())
    if upload.kind == "correction":
        from tillstream.pipeline.correction import correction_parts

        return correction_parts(open_original, contract, upload.fix_number, received.date())
    from tillstream.pipeline.file import file_parts, replayed_parts

    if upload.kind == "replay":
        return replayed_parts(ports, upload, open_original, contract, received.date())
    return file_parts(open_original, contract, received.date())
