"""Questions about a file, with values of the file, and the contract that results from the answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from portal.context import tillstream
from portal.uploads import scoped
from portal.uploads.questions import choice_lists, question_text
from portal.uploads.questions.mapping import mapped_columns
from tillstream.detection.evidence import DetectionQuestion, WordUse
from tillstream.model.contract import Contract
from tillstream.model.file_names import file_stem, without_dates
from tillstream.review import question_examples, questionnaire
from tillstream.review.question_examples import column_of_question

Opened = Callable[[], BinaryIO]
MOST_CHOICES = 12
"""A question with more choices is a list to drop down."""


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
        return not self.words_of_column and not 0 < len(self.choices) <= MOST_CHOICES

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


def about(file: str, opened: Opened, answers: Mapping[str, str]) -> QuestionPage:
    """All questions with their answers, and the contract once none is open. Raises `Rejected`."""
    name = name_of(file)
    contracts, delivered = scoped.contracts(), scoped.delivered()
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
        Choice(one, question_text.choice(question, one), values.get(one, ()), one == chosen) for one in question.choices
    )
    return QuestionView(
        question,
        question_text.asks(question),
        question_text.hint(question),
        answer,
        choices,
        question_examples.rows_of_question(onboarding.sample, question.lines),
        choice_lists.options(question.key),
        column_of_question(question, mapped_columns(onboarding), onboarding.sample.sheet),
        question.key in open_keys,
        number,
        tuple(_word_view(question, use) for use in question.table),
        choice_lists.is_closed(question.key),
    )


def _word_view(question: DetectionQuestion, use: WordUse) -> WordView:
    choices = tuple(Choice(one, question_text.choice(question, one), (), one == use.meaning) for one in use.choices)
    return WordView(use.word, use.key, use.rows, use.amount, choices, not use.meaning)


def name_of(file: str) -> str:
    """The proposed name of a new data source: that of the file, without dates unless another source has that name."""
    own = file_stem(file)
    name = without_dates(own)
    return (own if name in tillstream().contracts.names() else name)[:60] or "new"
