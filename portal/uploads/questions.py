"""Questions about a file, with values of the file, and the contract that results from the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO
from zoneinfo import available_timezones

from flask import request

from portal.context import me, ports, scope, tillstream
from portal.uploads import preview_text, scoped
from tillstream.detection.answers import check
from tillstream.detection.evidence import NO_COLUMN, Question, WordUse
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.domain.file_names import stem
from tillstream.workflows.intake import resumable_upload
from tillstream.workflows.onboarding import answer_examples, questionnaire

FIELD, BECOMES = "answer.", "becomes."
Opened = Callable[[], BinaryIO]


@dataclass(frozen=True)
class Choice:
    value: str
    words: str
    examples: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True)
class WordView:
    """One word of a question about the words of a column."""

    word: str
    key: str
    rows: int
    amount: str
    choices: tuple[Choice, ...]
    is_open: bool


@dataclass(frozen=True)
class QuestionView:
    """One question as the page shows it."""

    question: Question
    words: str
    hint: str
    answer: str | None
    choices: tuple[Choice, ...]
    rows: list[tuple[int, list[tuple[str, str]]]]
    suggestions: tuple[str, ...]
    """Suggestions for a typed answer."""
    words_of_column: tuple[WordView, ...] = ()
    """Each word that is answered by itself, instead of one answer."""


@dataclass(frozen=True)
class QuestionPage:
    onboarding: questionnaire.Questionnaire
    questions: tuple[QuestionView, ...]
    name: str
    open: int

    @property
    def contract(self) -> Contract | None:
        return self.onboarding.contract


def about(file: str, opened: Opened, answers: Mapping[str, str]) -> QuestionPage:
    """All questions with their answers, and the contract once none is open. Raises `Rejected`."""
    name = name_of(file)
    contracts, delivered = scoped.contracts(), scoped.delivered()
    onboarding = questionnaire.build_questionnaire(opened, name, answers, contracts, delivered)
    pairs = questionnaire.all_questions(opened, name, answers, onboarding, contracts, delivered)
    return question_page(opened, onboarding, pairs, name)


def question_page(
    opened: Opened, onboarding: questionnaire.Questionnaire, pairs: list[tuple[Question, str | None]], name: str
) -> QuestionPage:
    """The questions as the page shows them."""
    return QuestionPage(
        onboarding, tuple(_question_view(opened, onboarding, *one) for one in pairs), name, len(onboarding.questions)
    )


def _question_view(
    opened: Opened, onboarding: questionnaire.Questionnaire, question: Question, answer: str | None
) -> QuestionView:
    values = answer_examples.examples(opened, onboarding, question)
    chosen = answer or question.default
    choices = tuple(
        Choice(one, preview_text.choice(question, one), values.get(one, ()), one == chosen) for one in question.choices
    )
    rows = answer_examples.rows_of(onboarding.sample, question.lines)
    return QuestionView(
        question,
        preview_text.asks(question),
        preview_text.hint(question),
        answer,
        choices,
        rows,
        _suggestions(question.key),
        tuple(_word_view(question, use) for use in question.table),
    )


def _word_view(question: Question, use: WordUse) -> WordView:
    choices = tuple(Choice(one, preview_text.choice(question, one), (), one == use.meaning) for one in use.choices)
    return WordView(use.word, use.key, use.rows, use.amount, choices, not use.meaning)


def _suggestions(key: str) -> tuple[str, ...]:
    if key == "region":
        own = scope().regions
        return own if own is not None else tuple(tillstream().contracts.regions())
    if key == "time_zone":
        return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
    if key == "currency":
        return tuple(sorted({one.currency for one in tillstream().contracts.all().values() if one.currency}))
    return (
        tuple(sorted({one.country for one in tillstream().contracts.all().values()} - {""})) if key == "country" else ()
    )


def merge_answers(previous: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """Previous answers updated by the form; an empty field removes its answer. Raises `Rejected`.

    columns: column of a sale line → header, as mapped so far.
    """
    merged = dict(previous) | _mapping_answers(columns)
    for name, value in request.form.items():
        if name.startswith(FIELD):
            merged.pop(name.removeprefix(FIELD), None)
            if value.strip():
                merged[name.removeprefix(FIELD)] = value.strip()[:200]
    check(merged)
    return merged


def _mapping_answers(columns: Mapping[str, str]) -> dict[str, str]:
    """Answers that map headers to the columns chosen in the form."""
    current = {header: role for role, header in columns.items()}
    wanted = {name.removeprefix(BECOMES): role for name, role in request.form.items() if name.startswith(BECOMES)}
    changed = {header: role for header, role in wanted.items() if role != current.get(header, "")}
    dropped = {current[header] for header in changed if header in current} - set(wanted.values())
    return {f"column.{role}": NO_COLUMN for role in dropped} | {
        f"column.{role}": header for header, role in changed.items() if role
    }


def mapped_columns(onboarding: questionnaire.Questionnaire) -> dict[str, str]:
    """Column of a sale line → header, as mapped so far."""
    columns = onboarding.draft.get("columns")
    return dict(columns) if isinstance(columns, dict) else {}


def keep(id: str, answers: dict[str, str]) -> None:
    now = ports().clock.now().isoformat()
    resumable_upload.change(ports(), id, me().login, lambda upload: replace(upload, answers=answers, touched_at=now))


def contract_of(file: str, opened: Opened, answers: Mapping[str, str]) -> Contract:
    """Contract of the answers, with the name in the form. Raises `Rejected`."""
    contracts, delivered = scoped.contracts(), scoped.delivered()
    return named(questionnaire.build_questionnaire(opened, name_of(file), answers, contracts, delivered))


def named(onboarding: questionnaire.Questionnaire) -> Contract:
    """The new contract, with the name in the form. Raises `Rejected` while a question is open."""
    if onboarding.contract is None:
        count = len(onboarding.questions)
        raise Rejected(f"{count} {'question is' if count == 1 else 'questions are'} still open.")
    name = request.form.get("name", "").strip() or onboarding.contract.name
    data: dict[str, Any] = onboarding.contract.model_dump(mode="json")
    if data["identity"]["id_prefix"] == f"{onboarding.contract.name}-":
        data["identity"]["id_prefix"] = f"{name}-"
    return parse(data | {"name": name}, "The contract")


def changes(answers: Mapping[str, str]) -> list[str]:
    """The answers as text, for the administrator who accepts them."""
    lines = []
    for key, answer in answers.items():
        question = Question(key, key)
        family, _, rest = key.partition(".")
        what = preview_text.ABOUT.get(key) or (preview_text.COLUMNS.get(rest, f"“{rest}”") if rest else family)
        lines.append(f"{what}: {preview_text.choice(question, answer)}")
    return lines


def name_of(file: str) -> str:
    return stem(file)[:60] or "new"
