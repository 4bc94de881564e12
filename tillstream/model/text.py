"""Texts: similar, repeated and listed names, the start of a sentence, and order regardless of case."""

from collections import Counter
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """Return a sentence with the names most like `name`, with a space before it; empty if none is similar."""
    folded = {each.casefold(): each for each in names}
    similar = [folded[match] for match in get_close_matches(name.casefold(), folded)]
    return f" Did you mean {' or '.join(similar)}?" if similar else ""


def repeated_names(names: Sequence[str]) -> list[str]:
    """The names that occur more than once, sorted."""
    return sorted(name for name, count in Counter(names).items() if count > 1)


def number_repeated(names: Sequence[str]) -> list[str]:
    """The names, of which the later ones of a repeated name are called by their place. An empty name stays empty."""
    earlier, numbered = set[str](), list[str]()
    for place, name in enumerate(names, 1):
        numbered.append(f"{name} ({place})" if name and name in earlier else name)
        earlier.add(name)
    return numbered


def upper_first(words: str) -> str:
    """As at the start of a sentence; a name such as eShop stays as it is."""
    first, _, _ = words.partition(" ")
    return words if any(map(str.isupper, first[1:])) else words[:1].upper() + words[1:]


def list_names(names: Sequence[str]) -> str:
    """Names as in a sentence: a, b and c."""
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def fold_case(value: Any) -> Any:
    """A value to sort by: a text regardless of case, anything else as it is."""
    return value.casefold() if isinstance(value, str) else value


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def suggest_nearest(word: str, choices: Iterable[str]) -> str:
    """` Did you mean …?` with the closest of the choices, or an empty string."""
    matches = get_close_matches(word, choices, n=1, cutoff=0.7)
    return f" Did you mean {matches[0]}?" if matches else ""
