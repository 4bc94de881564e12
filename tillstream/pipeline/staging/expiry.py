"""Whether the rows that stage wrote are still there: the staging bucket lets go of them after a time, and who waits for
a person longer than that is staged anew from the kept original."""

from collections.abc import Iterable

from tillstream.batches import events, records
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import NotFound
from tillstream.domain.events import STAGING
from tillstream.ports import Ports


def there(ports: Ports, names: Iterable[str]) -> bool:
    try:
        for name in names:
            ports.objects.stat(STAGING, name)
    except NotFound:
        return False
    return True


def gone(ports: Ports, upload: Upload) -> bool:
    """Whether it was staged, and that is there no longer."""
    return not there(ports, (*upload.staged.get("accepted", ()), *upload.staged.get("refused", ())))


def stage_anew(ports: Ports, upload: Upload) -> None:
    """Back to where it was received; what a person confirmed stays confirmed. Repeatable."""
    waits = frozenset({State.HELD, State.STAGED})
    moved = records.move(ports, upload.batch_id, State.RECEIVED, among=waits, holds=(), staged={}, proposed={})
    if moved.state is State.RECEIVED:
        events.received(ports, moved)


def forget(ports: Ports, prefix: str) -> None:
    for stored in list(ports.objects.list(STAGING, prefix)):
        ports.objects.delete(STAGING, stored.name)
