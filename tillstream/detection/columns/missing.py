"""Words in number and date columns that may mean a missing value."""

from typing import Any

from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import DetectionLog

_MAX_WORDS, _MIN_COUNT = 3, 2


def decide(roles: dict[str, str], profiles: dict[str, Profile], log: DetectionLog) -> dict[str, Any]:
    """The contract's `where_missing`. Asks `missing.WORD` for each repeated word."""
    rules: dict[str, Any] = {}
    for role, name in roles.items():
        if role not in NUMERIC and role != "date":
            continue
        profile = profiles[name]
        unparsed = profile.dates.unparsed if role == "date" else profile.numbers.unparsed
        frequent = [word for word in unparsed if profile.column.words[word] >= _MIN_COUNT and not _has_digit(word)][
            :_MAX_WORDS
        ]
        words = [word for word in frequent if _means_missing(word, profile, log)]
        if words:
            rules[role] = {"words": words}
    return rules


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _means_missing(word: str, profile: Profile, log: DetectionLog) -> bool:
    answer = log.answer(f"missing.{word}")
    if answer is None:
        count, name = profile.column.words[word], profile.column.name
        evidence = f"it occurs {count:,} × in {name}"
        words = f"Does “{word}” mean that the value is missing?"
        log.add_question(f"missing.{word}", words, ("yes", "no"), evidence, profile.column.first_lines(word))
    return answer != "no"
