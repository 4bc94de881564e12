"""Questions about a file, the answers of the form, and the contract that they describe."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import BinaryIO
from zoneinfo import available_timezones

from flask import request

from portal import formats
from portal.context import me, ports, scope, tillstream
from portal.translation import _
from portal.uploads import preview_texts, scoped
from portal.uploads.labels import not_your_region
from portal.uploads.mapping import mapped_columns
from tillstream.detection.answers import check_answers, invalid_reason, zone_name
from tillstream.detection.evidence import NO_COLUMN, DetectionQuestion, WordUse
from tillstream.intake import resumable_upload
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.countries import country_names
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.file_names import file_stem, without_dates
from tillstream.model.money import CURRENT_CURRENCIES
from tillstream.review import question_examples, questionnaire
from tillstream.review.question_examples import column_of_question

Opened = Callable[[], BinaryIO]
MAX_CHOICES = 12
"""A question with more choices is a list to drop down."""

FIELD, BECOMES, CONTINUE = "answer.", "becomes.", "continue"
CONFIRM = "confirm"
"""Step of the page that follows when no question is open."""


def listed_options(key: str) -> tuple[str, ...]:
    """Values that the field of a question offers; empty if any text is as good as another."""
    if key == "region":
        return offered_regions()
    if key == "time_zone":
        return _time_zones()
    if key == "currency":
        return _first({one.currency for one in scoped.visible_contracts()}, tuple(CURRENT_CURRENCIES.split()))
    if key == "country":
        return _first({one.country for one in scoped.visible_contracts()}, country_names())
    return ()


def is_closed(key: str) -> bool:
    """Whether the options are all that the user may answer."""
    return key == "region" and scope().regions is not None


def offered_regions() -> tuple[str, ...]:
    """The regions of the user."""
    own = scope().regions
    return own if own is not None else tuple(tillstream().contracts.regions_to_choose())


def _first(used: set[str], others: tuple[str, ...]) -> tuple[str, ...]:
    """Values in use before the others."""
    return tuple(dict.fromkeys((*sorted(used - {""}), *others)))


@cache
def _time_zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))


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

    question: DetectionQuestion
    words: str
    hint: str
    answer: str | None
    choices: tuple[Choice, ...]
    rows: list[tuple[int, list[tuple[str, str]]]]
    options: tuple[str, ...]
    """Values that a list offers for a typed answer."""
    header: str
    """Column of the file that it concerns; empty if it concerns the whole file."""
    is_open: bool
    number: int
    """Place on the page, from 1."""
    words_of_column: tuple[WordView, ...] = ()
    """Each word that is answered by itself, instead of one answer."""
    is_closed: bool = False
    """Whether no other answer than the options is possible."""

    @property
    def is_field(self) -> bool:
        """Whether it is one short field: typed, or a long list."""
        return not self.words_of_column and not 0 < len(self.choices) <= MAX_CHOICES

    @property
    def is_new(self) -> bool:
        """Whether the answer is a region that does not exist yet."""
        return self.question.key == "region" and bool(self.answer) and self.answer not in self.options


@dataclass(frozen=True)
class QuestionPage:
    """All questions about a file; `total` and `answered` are for the progress."""

    onboarding: questionnaire.Questionnaire
    questions: tuple[QuestionView, ...]
    name: str
    total: int

    @property
    def contract(self) -> Contract | None:
        return self.onboarding.contract

    @property
    def open(self) -> int:
        return len(self.onboarding.questions)

    @property
    def answered(self) -> int:
        return self.total - self.open

    def of_column(self, header: str) -> tuple[QuestionView, ...]:
        """The questions that concern a column; those of the whole file for an empty header."""
        return tuple(one for one in self.questions if one.header == header)


def questions_about(file: str, opened: Opened, answers: Mapping[str, str]) -> QuestionPage:
    """All questions with their answers, and the contract once none is open. Raises `Rejected`."""
    name = source_name(file)
    contracts, delivered = scoped.visible_contracts(), scoped.delivered_sales()
    onboarding = questionnaire.build_questionnaire(opened, name, answers, contracts, delivered)
    pairs = questionnaire.all_questions(opened, name, answers, onboarding, contracts, delivered)
    return question_page(opened, onboarding, pairs, name, answers)


def question_page(
    opened: Opened,
    onboarding: questionnaire.Questionnaire,
    pairs: list[tuple[DetectionQuestion, str | None]],
    name: str,
    answers: Mapping[str, str],
) -> QuestionPage:
    """The questions as the page shows them."""
    open_keys = {one.key for one in onboarding.questions}
    views = tuple(_question_view(opened, onboarding, open_keys, at, *one) for at, one in enumerate(pairs, 1))
    never_open = {one.question.key for one in views if not open_keys & {one.question.key}} - answers.keys()
    if any(key.startswith("status.") for key in answers):
        never_open.discard("status")
    return QuestionPage(onboarding, views, name, len(views) - len(never_open))


def _question_view(
    opened: Opened,
    onboarding: questionnaire.Questionnaire,
    open_keys: set[str],
    number: int,
    question: DetectionQuestion,
    answer: str | None,
) -> QuestionView:
    values = question_examples.answer_examples(opened, onboarding, question)
    chosen = answer or question.default
    choices = tuple(
        Choice(one, preview_texts.choice(question, one), values.get(one, ()), one == chosen) for one in question.choices
    )
    return QuestionView(
        question,
        preview_texts.asks(question),
        preview_texts.hint(question),
        answer,
        choices,
        question_examples.rows_of_question(onboarding.sample, question.lines),
        listed_options(question.key),
        column_of_question(question, mapped_columns(onboarding), onboarding.sample.sheet),
        question.key in open_keys,
        number,
        tuple(_word_view(question, use) for use in question.table),
        is_closed(question.key),
    )


def _word_view(question: DetectionQuestion, use: WordUse) -> WordView:
    choices = tuple(Choice(one, preview_texts.choice(question, one), (), one == use.meaning) for one in use.choices)
    return WordView(use.word, use.key, use.rows, use.amount, choices, not use.meaning)


def source_name(file: str) -> str:
    """The proposed name of a new data source: that of the file, without dates unless another source has that name."""
    own = file_stem(file)
    name = without_dates(own)
    return (own if name in tillstream().contracts.names() else name)[:60] or "new"


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
        raise Rejected(_("“{answer}” cannot be used: {reason}.", answer=answer, reason=reason))
    if key == "region" and not scope().covers_region(answer):
        raise Rejected(not_your_region(answer))
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


def store_answers(id: str, answers: dict[str, str]) -> None:
    now = ports().clock.now().isoformat()
    resumable_upload.change_upload(
        ports(), id, me().login, lambda upload: replace(upload, answers=answers, touched_at=now)
    )


def contract_of(file: str, opened: Opened, answers: Mapping[str, str]) -> Contract:
    """Contract of the answers, with the name in the form. Raises `Rejected`."""
    contracts, delivered = scoped.visible_contracts(), scoped.delivered_sales()
    return named_contract(questionnaire.build_questionnaire(opened, source_name(file), answers, contracts, delivered))


def named_contract(onboarding: questionnaire.Questionnaire) -> Contract:
    """The new contract, with the name in the form. Raises `Rejected` while a question is open."""
    if onboarding.contract is None:
        raise Rejected(
            _("{count} still open.", count=formats.many(len(onboarding.questions), "question is", "questions are"))
        )
    name = request.form.get("name", "").strip() or onboarding.contract.name
    data: JsonObject = onboarding.contract.model_dump(mode="json")
    if data["identity"]["id_prefix"] == f"{onboarding.contract.name}-":
        data["identity"]["id_prefix"] = f"{name}-"
    return parse_contract(data | {"name": name}, _("The data source"))


def answers_in_words(answers: Mapping[str, str]) -> list[str]:
    """The answers as text, for the administrator who accepts them."""
    lines = []
    for key, answer in answers.items():
        question = DetectionQuestion(key, key)
        family, _, rest = key.partition(".")
        what = preview_texts.ABOUT.get(key) or (preview_texts.COLUMNS.get(rest, f"“{rest}”") if rest else family)
        lines.append(f"{what}: {preview_texts.choice(question, answer)}")
    return lines
