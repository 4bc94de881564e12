"""The relatives of a batch: its replays and the corrections that they take along."""

from dataclasses import replace

from tillstream.batches import records
from tillstream.domain.batch import FINAL, IN_LEDGER, State, Upload
from tillstream.domain.errors import Rejected
from tillstream.ports import Ports


def ended(ports: Ports, old: Upload) -> list[Upload]:
    """The replays made before. Raises `Rejected` while one is on its way: it knows nothing of what comes now."""
    under_way = waiting(ports, old)
    if under_way:
        raise Rejected(
            f"{old.file} is being replayed already, as batch {under_way.batch_id}, which is {under_way.state}; "
            "let that replay end, confirm it or reject it first."
        )
    return records.children(ports, old.batch_id, "replay")


def waiting(ports: Ports, old: Upload) -> Upload | None:
    """The replay that is to take the batch's place, if there is one on its way."""
    made = records.children(ports, old.batch_id, "replay")
    return next((each for each in made if each.state not in FINAL | IN_LEDGER), None)


def fixes(ports: Ports, upload: Upload) -> list[Upload]:
    """The corrections that a replay takes along: what the batches before it had when it was made, oldest first.

    The replay numbers them from 1; its own corrections follow.
    """
    found: list[Upload] = []
    while upload.parent:
        older = records.children(ports, upload.parent, "correction")
        taken = [fix for fix in older if fix.state is not State.REJECTED and fix.received_at <= upload.received_at]
        found = [*taken, *found]
        upload = records.get(ports, upload.parent)
    return [replace(fix, fix_number=number) for number, fix in enumerate(found, 1)]
