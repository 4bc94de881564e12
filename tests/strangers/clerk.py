"""A simulated clerk: answers the questions of a detection from what the shop knows, and nothing else."""

from collections.abc import Mapping, Sequence
from typing import Any

from tests.strangers.case import Case

DEFAULTS = ("default", "preset", "suggested")
"""Fields of a question that may hold the answer that the product proposes."""
FREE = {"identity"}
"""Questions whose choices are examples: docs/detect.md lets a clerk name any columns."""


class Stuck(Exception):
    """The clerk has no answer to a question."""


def answer(case: Case, data: bytes, question: Mapping[str, Any]) -> str:
    """Return the clerk's answer. data: the file. Raises `Stuck`."""
    key, choices = question["key"], [_value(choice) for choice in question.get("choices", ())]
    own_answer = _readable(case, data, choices) if key == "encoding" else _own_answer(case, key)
    if own_answer is not None and (not choices or own_answer in choices or key in FREE):
        return own_answer
    for field in DEFAULTS:
        if question.get(field):
            return str(question[field])
    if own_answer is not None:
        raise Stuck(f"{key}: “{own_answer}” is not offered")
    raise Stuck(f"{key}: {question.get('question', '')}")


def _readable(case: Case, data: bytes, choices: Sequence[str]) -> str:
    """The choice in which the words of the file are those of the shop."""
    for choice in (case.encoding, *choices):
        try:
            if choice in choices and data.decode(choice) == data.decode(case.encoding):
                return choice
        except (UnicodeDecodeError, LookupError):
            continue
    return case.encoding


def _own_answer(case: Case, key: str) -> str | None:
    clerk = case.clerk
    if key in clerk.answers:
        return clerk.answers[key]
    plain = {"region": clerk.region, "country": clerk.country, "currency": clerk.currency, "time_zone": clerk.time_zone}
    plain |= {
        "delimiter": case.delimiter,
        "language": "en",
        "status.default": "completed",
        "fill_down": "yes",
        "overlap": "same",
        "minor_units": "no",
        "source": case.source or "new",
    }
    family, _, subject = key.partition(".")
    if key in plain:
        return plain[key]
    if family == "status":
        return clerk.status.get(subject)
    if family == "column":
        return clerk.columns.get(subject, "-")
    if family in {"missing", "subtract", "once"}:
        return "yes"
    return None


def _value(choice: Any) -> str:
    return str(choice.get("value", choice)) if isinstance(choice, Mapping) else str(choice)


def word_answers(case: Case, table: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The clerk's meaning of each status word of a table; a word that only the product knows stays as proposed.

    Raises `Stuck` for a word that neither knows.
    """
    answered = {}
    for use in table:
        own_answer = _own_answer(case, use["key"])
        if not own_answer and not use["meaning"]:
            raise Stuck(f"{use['key']}: what does “{use['word']}” mean?")
        answered[use["key"]] = own_answer or use["meaning"]
    return answered


def answers(case: Case, data: bytes, questions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The clerk's answers by key; a table of words is answered with one key per word."""
    answered: dict[str, str] = {}
    for question in questions:
        table = question.get("words", ())
        answered |= word_answers(case, table) if table else {question["key"]: answer(case, data, question)}
    return answered
