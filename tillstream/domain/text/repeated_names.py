"""Names that a header has more than once."""

from collections import Counter
from collections.abc import Sequence


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
