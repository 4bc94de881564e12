"""Answers from the form of a file's page, and the contract that they describe."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import request

from portal.context import me, ports, scope
from portal.uploads import scoped
from portal.uploads.questions import question_text
from portal.uploads.questions.file_questions import Opened, name_of
from portal.uploads.texts import actions, columns
from portal.uploads.texts import questions as texts
from tillstream.detection.answers import check_answers, invalid_reason, zone_name
from tillstream.detection.evidence import NO_COLUMN, DetectionQuestion
from tillstream.intake import resumable_upload
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.review import questionnaire

FIELD, BECOMES, CONTINUE = "answer.", "becomes.", "continue"
CONFIRM = "confirm"
"""Step of the page that follows when no question is open."""


def next_step() -> str | None:
    """The step that the button of the form leads to; None to stay."""
    return CONFIRM if CONTINUE in request.form else None


def merge_answers(previous: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Previous answers updated by the form; an empty field removes its answer. Raises `Rejected`.

    columns: column of a sale line → header, as mapped so far.
    """
    merged = dict(previous)
    for name, value in request.form.items():
        if name.startswith(FIELD):
            key, answer = name.removeprefix(FIELD), value.strip()[:200]
            merged.pop(key, None)
            if answer:
                merged[key] = _valid(key, zone_name(answer) if key == "time_zone" else answer)
    merged |= _mapping_answers(columns)
    check_answers(merged)
    return merged


def _valid(key: str, answer: str) -> str:
    """The answer. Raises `Rejected` with a message for its field."""
    if reason := invalid_reason(key, answer):
        raise Rejected(texts.cannot_be_used(answer, reason))
    if key == "region" and not scope().covers_region(answer):
        raise Rejected(actions.not_your_region(answer))
    return answer


def _mapping_answers(columns: Mapping[str, str]) -> dict[str, str]:
    """Answers that map headers to the columns chosen in the form."""
    current = {header: role for role, header in columns.items()}
    wanted = {name.removeprefix(BECOMES): role for name, role in request.form.items() if name.startswith(BECOMES)}
    changed = {header: role for header, role in wanted.items() if role != current.get(header, "")}
    dropped = {current[header] for header in changed if header in current} - set(wanted.values())
    return {f"column.{role}": NO_COLUMN for role in dropped} | {
        f"column.{role}": header for header, role in changed.items() if role
    }


def keep(id: str, answers: dict[str, str]) -> None:
    now = ports().clock.now().isoformat()
    resumable_upload.change_upload(
        ports(), id, me().login, lambda upload: replace(upload, answers=answers, touched_at=now)
    )


def contract_of(file: str, opened: Opened, answers: Mapping[str, str]) -> Contract:
    """Contract of the answers, with the name in the form. Raises `Rejected`."""
    contracts, delivered = scoped.contracts(), scoped.delivered()
    return named(questionnaire.build_questionnaire(opened, name_of(file), answers, contracts, delivered))


def named(onboarding: questionnaire.Questionnaire) -> Contract:
    """The new contract, with the name in the form. Raises `Rejected` while a question is open."""
    if onboarding.contract is None:
        raise Rejected(texts.still_open(len(onboarding.questions)))
    name = request.form.get("name", "").strip() or onboarding.contract.name
    data: dict[str, Any] = onboarding.contract.model_dump(mode="json")
    if data["identity"]["id_prefix"] == f"{onboarding.contract.name}-":
        data["identity"]["id_prefix"] = f"{name}-"
    return parse_contract(data | {"name": name}, texts.THE_DATA_SOURCE)


def changes(answers: Mapping[str, str]) -> list[str]:
    """The answers as text, for the administrator who accepts them."""
    lines = []
    for key, answer in answers.items():
        question = DetectionQuestion(key, key)
        family, _, rest = key.partition(".")
        what = columns.ABOUT.get(key) or (columns.COLUMNS.get(rest, f"“{rest}”") if rest else family)
        lines.append(f"{what}: {question_text.choice(question, answer)}")
    return lines
