"""Words that stand where numbers and dates should, and so may mean that there is no value."""

from typing import Any

from tillstream.detection.columns.roles import NUMERIC, Profile
from tillstream.detection.evidence import Told

_MOST, _AGAIN = 3, 2


def decide(roles: dict[str, str], seen: dict[str, Profile], told: Told) -> dict[str, Any]:
    """The contract's `where_missing`. Asks `missing.WORD` for each word that stands there again and again."""
    found: dict[str, Any] = {}
    for role, name in roles.items():
        if role not in NUMERIC and role != "date":
            continue
        profile = seen[name]
        strange = profile.dates.strange if role == "date" else profile.numbers.strange
        often = [word for word in strange if profile.column.words[word] >= _AGAIN and not _digits(word)][:_MOST]
        words = [word for word in often if _means_none(word, profile, told)]
        if words:
            found[role] = {"words": words}
    return found


def _digits(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def _means_none(word: str, profile: Profile, told: Told) -> bool:
    said = told.answer(f"missing.{word}")
    if said is None:
        count, name = profile.column.words[word], profile.column.name
        evidence = f"it stands {count:,} × in {name}"
        words = f"Does “{word}” mean that there is no value?"
        told.ask(f"missing.{word}", words, ("yes", "no"), evidence, profile.column.line_of(word))
    return said != "no"
