"""What a person can answer about a file that waits, so that its contract's next version, or a new one, reads it."""

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
    """What was answered so far about an upload."""
    document = ports.documents.get(COLLECTION, batch)
    return dict(document.data["answers"]) if document else {}


def keep(ports: Ports, batch: str, said: Mapping[str, str], by: str) -> None:
    """Raises `Rejected` for what answers no question."""
    check(said)
    ports.documents.put(COLLECTION, batch, {"answers": dict(said), "by": by, "at": ports.clock.now().isoformat()})


def ask(
    ports: Ports, book: ContractBook, upload: Upload, name: str, said: Mapping[str, str]
) -> tuple[Asked, list[str]]:
    """What is open, what the answers make of it, and in words how the file differs from its contract.

    Raises `Rejected` for a file that nothing can be made of.
    """
    if not upload.contract:
        return questionnaire.ask(opened(ports, upload), name, said, book.all().values()), []
    own = contract_version(ports.documents, upload.contract, upload.contract_version)
    looked = looked_at(opened(ports, upload))
    if looked is None:
        raise Rejected(f"Nothing can be made of what is in {upload.file}.")
    found = drift(looked, own, header=known_headers.seen(ports, own), answers=said, reader=reads)
    differs = [one.words[:1].upper() + one.words[1:] for one in found.differences]
    draft: dict[str, object] = {"columns": dict(own.columns)}
    return Asked(looked, (), found.questions, draft, found.proposed), differs


def all_questions(
    ports: Ports, book: ContractBook, upload: Upload, name: str, said: Mapping[str, str], now: Asked
) -> list[tuple[Question, str | None]]:
    """The open questions and those that were answered, each with its answer."""
    if not upload.contract:
        return questionnaire.all_questions(opened(ports, upload), name, said, now)
    first = ask(ports, book, upload, name, {})[0] if said else now
    found = {one.key: one for one in (*first.questions, *now.questions)}
    return [(one, said.get(key)) for key, one in found.items()]
