"""Parameters and filters of calls as texts, as the API takes them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tillstream.model.errors import Rejected


def as_texts(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """Convert names of Python to those of the API (`from_` to `from`, `compare_to` to `compare-to`) and values to
    texts; None and empty values are left out. Raises `Rejected` for a value of another type."""
    texts = {_name(name): _texts(name, value) for name, value in values.items() if value is not None}
    return {name: each for name, each in texts.items() if each}


def _name(name: str) -> str:
    name = name.removesuffix("_")
    return name.replace("_", "-") if name.startswith("compare_") else name


def _texts(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    if isinstance(value, datetime):
        return [value.date().isoformat()]
    if isinstance(value, date):
        return [value.isoformat()]
    if isinstance(value, Sequence) or hasattr(value, "tolist"):
        return [text for each in list(value) for text in _texts(name, each)]
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise Rejected(f"{name} is a {type(value).__name__}; it must be text, a number, a day, or several of these.")
    return [str(value)]
