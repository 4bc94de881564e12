"""Wording, hint and answers of a question about a file."""

from portal.uploads.texts import questions as texts
from tillstream.detection.evidence import CONFIRM_COLUMN, NO_COLUMN, DetectionQuestion


def asks(question: DetectionQuestion) -> str:
    return texts.ASKS.get(question.key, question.words)


def answers_to(key: str, answer: str) -> str:
    return _answers(key).get(answer, answer)


def hint(question: DetectionQuestion) -> str:
    return texts.HINTS.get(question.key, "")


def choice(question: DetectionQuestion, answer: str) -> str:
    """Display text of an answer."""
    if question.kind == CONFIRM_COLUMN:
        return "no" if answer == NO_COLUMN else "yes"
    words = _answers(question.key)
    if answer == NO_COLUMN and answer not in words:
        return question.none or texts.UNKNOWN
    if question.key == "date":
        return answer.replace("%d", "day").replace("%m", "month").replace("%Y", "year")
    return words.get(answer, answer.replace(",", " and ") if question.key == "identity" else answer)


def _answers(key: str) -> dict[str, str]:
    """Answer → text, of a key or of its family."""
    return texts.CHOICES.get(key) or texts.CHOICES.get(key.partition(".")[0], {})
