"""Notes beside files that were taken from a watched folder: what became of them, where somebody has to do something."""

from typing import Any

from tillstream.batches import records
from tillstream.domain.batch import State
from tillstream.domain.problems import CATALOGUE
from tillstream.ports import Ports
from tillstream.ports.drop import Drop
from tillstream.receipts import receipt as receipts

COLLECTION = "drops"
UNDER_WAY = frozenset({State.RECEIVED, State.STAGING, State.STAGED})
OPEN = UNDER_WAY | {State.HELD, State.FAILED}


def tell(ports: Ports, drop: Drop) -> None:
    """Write, renew or take away the notes of files whose fate has changed. Repeatable."""
    if not drop.keeps:
        return
    for document in ports.documents.find(COLLECTION, {"told": False}):
        state = records.get(ports, document.id).state
        if state in UNDER_WAY:
            continue
        words = words_of(receipts.receipt(ports, document.id))
        told = state not in OPEN
        if words != document.data["said"]:
            drop.note(document.data["place"], words)
        if told or words != document.data["said"]:
            ports.documents.put(COLLECTION, document.id, document.data | {"told": told, "said": words})


def words_of(receipt: dict[str, Any]) -> str:
    """What somebody has to know and do; empty where every row counts or is known."""
    lines = []
    if receipt["error"]:
        lines.append(receipt["error"])
    for hold in receipt["holds"] if receipt["status"] == State.HELD else ():
        lines += [
            f"It waits for a decision: {hold['message']}",
            CATALOGUE[hold["code"]].remedy.replace("BATCH", receipt["batch_id"]),
        ]
    refused = receipt["rows"]["quarantined"]
    if refused:
        rows = "1 row was" if refused == 1 else f"{refused:,} rows were"
        lines.append(
            f"{rows} refused and wait for you: see the receipt in the portal under Uploads, "
            f"or `tillstream quarantine {receipt['batch_id']}`."
        )
    if not lines:
        return ""
    contract = f", read as {receipt['contract']}" if receipt["contract"] else ""
    return "\n".join([f"{receipt['file']}: {receipt['status']}{contract}, batch {receipt['batch_id']}", "", *lines, ""])
