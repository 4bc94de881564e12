"""What was found out about a file, and what has to be asked."""

from dataclasses import dataclass, field
from typing import Any

CERTAIN, LIKELY, ASSUMED = 0.99, 0.9, 0.6
"""Proved by cells that can mean nothing else; spelled so; nothing speaks against it."""


@dataclass(frozen=True)
class Finding:
    """One thing the file says, or that was taken because nothing speaks against it."""

    about: str
    """What of the contract: encoding, delimiter, column.quantity, date_order, …"""
    value: str
    evidence: str
    """Words for a person: what proves it."""
    confidence: float
    """From 0 to 1."""
    lines: tuple[int, ...] = ()
    """Physical lines of the file that prove it, from 1."""

    @property
    def sure(self) -> str:
        if self.confidence >= CERTAIN:
            return "certain"
        return "likely" if self.confidence >= LIKELY else "assumed"

    def plain(self) -> dict[str, Any]:
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
    """What the file does not prove. An answer is given by its key."""

    key: str
    words: str
    choices: tuple[str, ...] = ()
    """Answers that make sense; empty: any."""
    evidence: str = ""
    lines: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "question": self.words,
            "choices": list(self.choices),
            "evidence": self.evidence,
            "lines": list(self.lines),
        }


@dataclass
class Told:
    """Collects what is found while a file is looked at; answers stand before evidence."""

    answers: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    def find(
        self, about: str, value: str, evidence: str, confidence: float = CERTAIN, lines: tuple[int, ...] = ()
    ) -> None:
        self.findings.append(Finding(about, value, evidence, round(confidence, 2), lines))

    def ask(
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
        """What a person said, or None; it is written down among the findings."""
        said = self.answers.get(key)
        if said is not None and not any(one.about == key and one.evidence == ANSWERED for one in self.findings):
            self.find(key, said, ANSWERED, 1.0)
        return said


ANSWERED = "answered"
