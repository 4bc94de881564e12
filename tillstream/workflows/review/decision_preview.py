"""Preview the confirmation of a held batch without storing anything: its receipt and further query results."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from tillstream.batches import records
from tillstream.contracts.registry import ContractBook
from tillstream.domain.batch import State, Upload
from tillstream.domain.errors import Rejected
from tillstream.pipeline.settling.settle import describe
from tillstream.pipeline.staging import expiry
from tillstream.ports import Ports
from tillstream.ports.warehouse import Question, Settled, Settlement
from tillstream.receipts import receipt as receipts


def previewable(ports: Ports, upload: Upload) -> bool:
    """Return True if the batch is held, was staged, and its staged rows have not expired."""
    is_read = upload.state is State.HELD and bool(upload.staged) and bool(upload.contract)
    return is_read and not expiry.gone(ports, upload)


def would(
    ports: Ports, book: ContractBook, batch: str, questions: Sequence[Question] = (), *, as_new: bool = False
) -> tuple[dict[str, Any], Settled]:
    """Return the receipt and the settlement of the held batch if confirmed, with the answers to `questions`.

    The receipt's `holds` list reasons for which the ledger would hold it again. Raises `Rejected`.
    """
    upload = records.get(ports, batch)
    if not previewable(ports, upload):
        raise Rejected(f"{upload.file} is {upload.state}, or was not read yet: nothing can be said of it.")
    codes = tuple(dict.fromkeys((*upload.confirmed, *(hold.code for hold in upload.holds))))
    confirmed = replace(upload, state=State.STAGED, confirmed=codes, holds=(), as_new=as_new)
    undone = [upload.parent] if upload.kind == "replay" else []
    receipt_questions = receipts.questions(batch)
    settled = ports.warehouse.preview(
        Settlement([describe(ports, book, confirmed)], undone), [*receipt_questions, *questions]
    )
    receipt = receipts.compose(confirmed, *(answer.to_pylist() for answer in settled.answers[: len(receipt_questions)]))
    holds = [asdict(hold) for hold in settled.holds.values()]
    answers = settled.answers[len(receipt_questions) :]
    return receipt | {"status": "dry-run", "holds": holds}, replace(settled, answers=answers)
