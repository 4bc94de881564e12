"""Questions for a held file; the answers define its contract's next version or a new contract."""

from collections.abc import Mapping
from functools import partial

from tillstream.contracts import known_headers
from tillstream.contracts.registry import ContractBook, contract_version
from tillstream.detection import drift
from tillstream.detection.answers import check
from tillstream.detection.evidence import Question
from tillstream.domain.batch import Upload
from tillstream.domain.errors import Rejected
from tillstream.pipeline.matching.match_contract import looked_at
from tillstream.pipeline.matching.readability import reads
from tillstream.ports import Ports
from tillstream.workflows.onboarding import questionnaire
from tillstream.workflows.onboarding.questionnaire import Asked, Open

COLLECTION = "answers"


def opened(ports: Ports, upload: Upload) -> Open:
    return partial(ports.objects.open, upload.bucket, upload.object, upload.generation)


def answers(ports: Ports, batch: str) -> dict[str, str]:
    """Return the stored answers for a batch."""
    document = ports.documents.get(COLLECTION, batch)
    return dict(document.data["answers"]) if document else {}


def keep(ports: Ports, batch: str, answers_by_key: Mapping[str, str], by: str) -> None:
    """Store answers for a batch. Raises `Rejected` for an invalid answer."""
    check(answers_by_key)
    ports.documents.put(
        COLLECTION, batch, {"answers": dict(answers_by_key), "by": by, "at": ports.clock.now().isoformat()}
    )


def ask(
    ports: Ports, book: ContractBook, upload: Upload, name: str, answers_by_key: Mapping[str, str]
) -> tuple[Asked, list[str]]:
    """Return the questionnaire, and descriptions of how the file differs from its contract.

    Raises `Rejected` if the file cannot be sampled.
    """
    if not upload.contract:
        return questionnaire.ask(opened(ports, upload), name, answers_by_key, book.all().values()), []
    current = contract_version(ports.documents, upload.contract, upload.contract_version)
    file_sample = looked_at(opened(ports, upload))
    if file_sample is None:
        raise Rejected(f"Nothing can be made of what is in {upload.file}.")
    contract_drift = drift(
        file_sample, current, header=known_headers.seen(ports, current), answers=answers_by_key, reader=reads
    )
    differences = [difference.words[:1].upper() + difference.words[1:] for difference in contract_drift.differences]
    draft: dict[str, object] = {"columns": dict(current.columns)}
    return Asked(file_sample, (), contract_drift.questions, draft, contract_drift.proposed), differences


def all_questions(
    ports: Ports, book: ContractBook, upload: Upload, name: str, answers_by_key: Mapping[str, str], now: Asked
) -> list[tuple[Question, str | None]]:
    """Return open and answered questions, each with its answer or None."""
    if not upload.contract:
        return questionnaire.all_questions(opened(ports, upload), name, answers_by_key, now)
    first = ask(ports, book, upload, name, {})[0] if answers_by_key else now
    questions_by_key = {one.key: one for one in (*first.questions, *now.questions)}
    return [(one, answers_by_key.get(key)) for key, one in questions_by_key.items()]
