"""Questions for a held file; the answers define its contract's next version or a new contract."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial

from tillstream.contracts import source_settings
from tillstream.contracts.registry import contract_version
from tillstream.detection import drift
from tillstream.detection.answers import check_answers
from tillstream.detection.evidence import DetectionQuestion
from tillstream.model.batch import Batch
from tillstream.model.contract import Contract
from tillstream.model.text import upper_first
from tillstream.pipeline.matching.match_contract import read_sample
from tillstream.pipeline.matching.readability import can_parse_cells
from tillstream.ports import Ports
from tillstream.records import batch_originals
from tillstream.workflows.onboarding import questionnaire
from tillstream.workflows.onboarding.delivered_lines import Delivered
from tillstream.workflows.onboarding.questionnaire import MAPPED, Open, Questionnaire

COLLECTION = "answers"


def original_opener(ports: Ports, upload: Batch) -> Open:
    return partial(batch_originals.open_whole_original, ports, upload)


def answers(ports: Ports, batch: str) -> dict[str, str]:
    """Return the stored answers for a batch."""
    document = ports.documents.get(COLLECTION, batch)
    return dict(document.data["answers"]) if document else {}


def keep(ports: Ports, batch: str, answers_by_key: Mapping[str, str], by: str) -> None:
    """Store answers for a batch. Raises `Rejected` for an invalid answer."""
    check_answers(answers_by_key)
    ports.documents.put(
        COLLECTION, batch, {"answers": dict(answers_by_key), "by": by, "at": ports.clock.now().isoformat()}
    )


def build_questionnaire(
    ports: Ports,
    contracts: Iterable[Contract],
    upload: Batch,
    name: str,
    answers_by_key: Mapping[str, str],
    delivered: Delivered,
) -> tuple[Questionnaire, list[str]]:
    """Return the questionnaire, and descriptions of how the file differs from its contract.

    contracts, delivered: those that the caller may see; as for `questionnaire.build_questionnaire`.
    Raises `Rejected` if the file cannot be sampled.
    """
    if not upload.contract:
        return questionnaire.build_questionnaire(
            original_opener(ports, upload),
            name,
            answers_by_key,
            contracts,
            delivered,
        ), []
    current = contract_version(ports.documents, upload.contract, upload.contract_version)
    file_sample = read_sample(original_opener(ports, upload), sheet=current.file.sheet)
    contract_drift = drift(
        file_sample,
        current,
        header=source_settings.earlier_headers(ports, current),
        answers=answers_by_key,
        reader=can_parse_cells,
        unknown_words=upload.staged.unknown_words if upload.staged else (),
    )
    differences = [upper_first(difference.words) for difference in contract_drift.differences]
    draft: dict[str, object] = {"columns": dict(current.columns)}
    return Questionnaire(file_sample, (), contract_drift.questions, draft, contract_drift.proposed), differences


def all_questions(
    ports: Ports,
    contracts: Iterable[Contract],
    upload: Batch,
    name: str,
    answers_by_key: Mapping[str, str],
    now: Questionnaire,
    delivered: Delivered,
) -> list[tuple[DetectionQuestion, str | None]]:
    """Return open and answered questions, each with its answer or None."""
    if not upload.contract:
        return questionnaire.all_questions(
            original_opener(ports, upload),
            name,
            answers_by_key,
            now,
            contracts,
            delivered,
        )
    first = build_questionnaire(ports, contracts, upload, name, {}, delivered)[0] if answers_by_key else now
    questions_by_key = {one.key: one for one in (*first.questions, *now.questions)}
    open_keys = {one.key for one in now.questions}
    return [
        (_with_meanings(one, answers_by_key), MAPPED if one.table and key not in open_keys else answers_by_key.get(key))
        for key, one in questions_by_key.items()
    ]


def _with_meanings(question: DetectionQuestion, answers_by_key: Mapping[str, str]) -> DetectionQuestion:
    """Return the question with the answers to its words, if it has any."""
    return replace(
        question, table=tuple(replace(use, meaning=answers_by_key.get(use.key, use.meaning)) for use in question.table)
    )
