"""Findings about a file and open questions, collected during detection.

In docstrings, “Asks `KEY`” means that a question with this key is added if the file gives no clear answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tillstream.model.document_json import JsonObject

CERTAIN, LIKELY, ASSUMED = 0.99, 0.9, 0.6
"""Confidence: proved by unambiguous cells; indicated by a name or format; not contradicted."""
NO_COLUMN = "-"
"""Answer for none of the columns, or for a value that is not known."""
TOTAL_OF_LINE = (
    "Which column is the total of a line, after discount? Of totals before and with tax, choose the one before tax."
)
QuestionKind = Literal["choice", "confirm_column"]
CHOICE: QuestionKind = "choice"
CONFIRM_COLUMN: QuestionKind = "confirm_column"
"""A yes or no about one column: its name means yes, and `-` means no."""

ANSWERED = "answered"


def percentage(share: float) -> str:
    """A share in percent: 100% only for all, and 0% only for none."""
    rounded = round(share * 100)
    return f"{min(max(rounded, 1 if share > 0 else 0), 100 if share >= 1 else 99)}%"


@dataclass(frozen=True)
class DetectionFinding:
    """A detected or assumed property of the file."""

    about: str
    """Part of the contract: encoding, delimiter, column.quantity, date_order, …"""
    value: str
    evidence: str
    """Explanation for users."""
    confidence: float
    """From 0 to 1."""
    lines: tuple[int, ...] = ()
    """1-based physical lines of the file that support it."""

    @property
    def sure(self) -> str:
        if self.confidence >= CERTAIN:
            return "certain"
        return "likely" if self.confidence >= LIKELY else "assumed"

    def to_dict(self) -> JsonObject:
        return {
            "about": self.about,
            "value": self.value,
            "sure": self.sure,
            "confidence": self.confidence,
            "evidence": self.evidence,
            "lines": list(self.lines),
        }


@dataclass(frozen=True)
class WordUse:
    """A word of the status column with the sampled rows that have it. The empty word is that of rows without one."""

    word: str
    rows: int
    amount: str
    """Sum of the totals of these rows, as decimal text; empty if no column shows it."""
    meaning: str
    """A status, or `ignore`; empty while a person must choose it."""
    choices: tuple[str, ...]
    lines: tuple[int, ...] = ()

    @property
    def key(self) -> str:
        """Key of the answer that sets the meaning."""
        return f"status.{self.word or 'default'}"

    def to_dict(self) -> JsonObject:
        return {
            "word": self.word,
            "key": self.key,
            "rows": self.rows,
            "amount": self.amount,
            "meaning": self.meaning,
            "choices": list(self.choices),
            "lines": list(self.lines),
        }


@dataclass(frozen=True)
class DetectionQuestion:
    """A question about something the file does not show. Answers are passed by key."""

    key: str
    words: str
    choices: tuple[str, ...] = ()
    """Valid answers; empty if any answer is valid."""
    evidence: str = ""
    lines: tuple[int, ...] = ()
    default: str = ""
    """The choice that is proposed; empty if none is."""
    table: tuple[WordUse, ...] = ()
    """For the question `status`: every word of the column, each answered with a key of its own."""
    none: str = ""
    """What the answer `-` means; empty if it is not possible. For the question `status`, it answers `column.status`."""
    kind: QuestionKind = CHOICE

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the answers that settle the question."""
        return tuple(use.key for use in self.table) or (self.key,)

    def to_dict(self) -> JsonObject:
        data: JsonObject = {
            "key": self.key,
            "question": self.words,
            "choices": list(self.choices),
            "default": self.default,
            "evidence": self.evidence,
            "lines": list(self.lines),
            "none": self.none,
            "kind": self.kind,
        }
        return data | ({"words": [use.to_dict() for use in self.table]} if self.table else {})


@dataclass
class DetectionLog:
    """Collects findings and questions during detection. Answers take precedence over evidence."""

    answers: dict[str, str] = field(default_factory=dict)
    findings: list[DetectionFinding] = field(default_factory=list)
    questions: list[DetectionQuestion] = field(default_factory=list)
    assumed: dict[str, str] = field(default_factory=dict)
    """Key of an answer that nobody gave → why it is assumed."""

    def assume(self, answers: Mapping[str, str], evidence: str) -> None:
        """Add answers that follow from the file; those of a person take precedence."""
        new = {key: answer for key, answer in answers.items() if key not in self.answers}
        self.answers |= new
        self.assumed |= dict.fromkeys(new, evidence)

    def add_finding(
        self, about: str, value: str, evidence: str, confidence: float = CERTAIN, lines: tuple[int, ...] = ()
    ) -> None:
        self.findings.append(DetectionFinding(about, value, evidence, round(confidence, 2), lines))

    def add_question(
        self,
        key: str,
        words: str,
        choices: tuple[str, ...] = (),
        evidence: str = "",
        lines: tuple[int, ...] = (),
        table: tuple[WordUse, ...] = (),
        default: str = "",
        none: str = "",
        kind: QuestionKind = CHOICE,
    ) -> None:
        if not none and NO_COLUMN in choices:
            none = "none of them"
        if all(question.key != key for question in self.questions):
            self.questions.append(DetectionQuestion(key, words, choices, evidence, lines, default, table, none, kind))

    def answer(self, key: str) -> str | None:
        """The user's or the assumed answer, or None; it is recorded as a finding, unless it is an assumed `-`."""
        answer = self.answers.get(key)
        evidence, confidence = (self.assumed[key], LIKELY) if key in self.assumed else (ANSWERED, 1.0)
        if (key in self.assumed and answer == "-") or answer is None:
            return answer
        if not any(finding.about == key and finding.evidence == evidence for finding in self.findings):
            self.add_finding(key, answer, evidence, confidence)
        return answer
