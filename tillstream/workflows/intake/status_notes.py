"""Status notes next to files taken from a watched folder, for files that need attention."""

from tillstream.model.batch import BatchState
from tillstream.model.problems import CATALOGUE
from tillstream.ports import Ports
from tillstream.ports.files import DropFolder
from tillstream.receipts import receipt as receipts
from tillstream.receipts.receipt import Receipt
from tillstream.records import batch_records

COLLECTION = "drops"
"""Documents by batch id. `place`: path of the file in the archive; `said`: text of its note; `told`: whether the state
is final, so that the note does not change any more."""
UNDER_WAY = frozenset({BatchState.RECEIVED, BatchState.STAGING, BatchState.STAGED})
NOT_FINAL = UNDER_WAY | {BatchState.HELD, BatchState.FAILED}


def update_notes(ports: Ports, drop: DropFolder) -> None:
    """Write, update or remove the notes of files whose state has changed. Idempotent."""
    if not drop.keeps_archive:
        return
    for document in ports.documents.find(COLLECTION, {"told": False}):
        state = batch_records.get_batch(ports, document.id).state
        if state in UNDER_WAY:
            continue
        text = note_text(receipts.receipt(ports, document.id))
        is_final = state not in NOT_FINAL
        if text != document.data["said"]:
            drop.note(document.data["place"], text)
        if is_final or text != document.data["said"]:
            ports.documents.put(COLLECTION, document.id, document.data | {"told": is_final, "said": text})


def note_text(receipt: Receipt) -> str:
    """Return the text of the note; empty if no action is needed."""
    lines = []
    if receipt["error"]:
        lines.append(receipt["error"])
    for hold in receipt["holds"] if receipt["status"] == BatchState.HELD else ():
        lines += [
            f"The file is held for review: {hold['message']}",
            CATALOGUE[hold["code"]].advice(receipt["batch_id"]),
        ]
    rejected = receipt["rows"]["quarantined"]
    if rejected:
        needs = "1 row needs" if rejected == 1 else f"{rejected:,} rows need"
        lines.append(
            f"{needs} fixing. See the receipt in the portal under Uploads, or run `tillstream "
            f"quarantine {receipt['batch_id']}`."
        )
    if not lines:
        return ""
    contract = f", read with the contract {receipt['contract']}" if receipt["contract"] else ""
    return "\n".join([f"{receipt['file']}: {receipt['status']}{contract}, batch {receipt['batch_id']}", "", *lines, ""])
