"""Values of settings that are not text."""

from collections.abc import Mapping

from tillstream.domain.errors import Rejected


def whole_number(settings: Mapping[str, str], name: str, *, at_least: int = 0, at_most: int) -> int:
    """Raises `Rejected` for another text than a whole number in the range."""
    text = settings[name]
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and at_least <= int(text) <= at_most):
        raise Rejected(f"{name} must be a whole number from {at_least} to {at_most:,}, not “{text[:50]}”.")
    return int(text)
