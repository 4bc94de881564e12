"""Findings about a file and open questions, collected during detection.

In docstrings, “Asks `KEY`” means that a question with this key is added if the file gives no clear answer.
"""

from dataclasses import dataclass, field
from typing import Any

CERTAIN, LIKELY, ASSUMED = 0.99, 0.9, 0.6
"""Confidence: proved by unambiguous cells; indicated by a name or format; not contradicted."""


@dataclass(frozen=True)
class Finding:
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

    def to_dict(self) -> dict[str, Any]:
        return {
            "about": self.about,
            "value": self.value,
            "sure": self.sure,
            "confidence": self.confidence,
            "evidence": self.evidence,
            "lines": list(self.lines),
        }


@dataclass(frozen=True)
class Question:
    """A question about something the file does not show. Answers are passed by key."""

    key: str
    words: str
    choices: tuple[str, ...] = ()
    """Valid answers; empty if any answer is valid."""
    evidence: str = ""
    lines: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "question": self.words,
            "choices": list(self.choices),
            "evidence": self.evidence,
            "lines": list(self.lines),
        }


@dataclass
class DetectionLog:
    """Collects findings and questions during detection. Answers take precedence over evidence."""

    answers: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def add_finding(
        self, about: str, value: str, evidence: str, confidence: float = CERTAIN, lines: tuple[int, ...] = ()
    ) -> None:
        self.findings.append(Finding(about, value, evidence, round(confidence, 2), lines))

    def add_question(
        self,
        key: str,
        words: str,
        choices: tuple[str, ...] = (),
        evidence: str = "",
        lines: tuple[int, ...] = (),
    ) -> None:
        if all(question.key != key for question in self.questions):
            self.questions.append(Question(key, words, choices, evidence, lines))

    def answer(self, key: str) -> str | None:
        """The user's answer, or None; an answer is recorded as a finding."""
        answer = self.answers.get(key)
        if answer is not None and not any(
            finding.about == key and finding.evidence == ANSWERED for finding in self.findings
        ):
            self.add_finding(key, answer, ANSWERED, 1.0)
        return answer


ANSWERED = "answered"
