"""What a replay would change, with nothing kept: the account of the batch as it is, and as it would be read now."""

from dataclasses import asdict, replace
from typing import Any

import sql
from tillstream.domain.errors import Rejected
from tillstream.domain.events import STAGING
from tillstream.domain.uploads import IN_LEDGER, State, Upload
from tillstream.pipeline import account, doubts, replay, stage, uploads
from tillstream.pipeline.contracts import ContractBook
from tillstream.pipeline.settle import describe
from tillstream.ports import Ports
from tillstream.ports.warehouse import Question, Settled, Settlement

TOTALS = Question(sql.text("ledger/totals"))
SHOWN = ("status", "contract", "contract_version", "rows", "amounts", "problems", "holds", "removed", "error")


def preview(ports: Ports, book: ContractBook, batch: str, contract: str | None = None) -> dict[str, Any]:
    """`before` and `after`: the batch's own account, its rows by outcome and its amounts; `changes`: net lines by kind;
    `totals`: what all batches together say, by region and currency, before and after. Raises `Rejected`, `NotFound`.
    """
    old = uploads.get(ports, batch)
    new = replay.reading(ports, book, old, contract, "")
    before = account.receipt(ports, batch)
    totals = ports.warehouse.query(TOTALS.sql).to_pylist()
    prefix = f"dry-run/{ports.clock.tick()}"
    try:
        after, settled = _read(ports, book, old, new, prefix)
    except Rejected as error:
        after, settled = account.compose(new, [], [], []) | {"status": State.REJECTED.value, "error": str(error)}, None
    finally:
        for stored in list(ports.objects.list(STAGING, prefix)):
            ports.objects.delete(STAGING, stored.name)
    return {
        "batch_id": batch,
        "file": old.file,
        "before": _shown(before),
        "after": _shown(after),
        "changes": dict(settled.changes) if settled else {},
        "totals": {"before": totals, "after": settled.answers[-1].to_pylist() if settled else totals},
    }


def _read(ports: Ports, book: ContractBook, old: Upload, new: Upload, prefix: str) -> tuple[dict[str, Any], Settled]:
    written = stage.write(ports, new, prefix)
    read = replace(new, staged=asdict(written), state=State.STAGED)
    contract = book.version(new.contract, new.contract_version)
    asked = doubts.about(doubts.File(ports, read, contract, tuple(book.all().values())), written)
    undo = [old.batch_id] if old.state in IN_LEDGER else []
    questions = [*account.questions(new.batch_id), TOTALS]
    settled = ports.warehouse.preview(Settlement([describe(ports, book, read)], undo), questions)
    holds = [asdict(hold) for hold in (*asked.holds, *settled.holds.values())]
    told = account.compose(read, *(answer.to_pylist() for answer in settled.answers[:-1]))
    return told | {"status": "dry-run", "holds": holds}, settled


def _shown(receipt: dict[str, Any]) -> dict[str, Any]:
    return {name: receipt[name] for name in SHOWN}
