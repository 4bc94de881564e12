"""What people answer, checked before it counts: a slip of the pen must not become a contract."""

import re
from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tillstream.detection.words.status_words import MEANINGS
from tillstream.domain.contract.model import MAPPED
from tillstream.domain.contract.sections import known_encoding
from tillstream.domain.errors import Rejected
from tillstream.domain.month_names import LANGUAGES


def _one_of(*choices: str) -> Callable[[str], str]:
    return lambda said: "" if said in choices else f"it is one of {', '.join(choices)}"


def _zone(said: str) -> str:
    try:
        ZoneInfo(said)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "it is a name such as Europe/London"
    return ""


def _encoding(said: str) -> str:
    try:
        known_encoding(said)
    except ValueError as error:
        return str(error)
    return ""


def _currency(said: str) -> str:
    return "" if re.fullmatch("[A-Z]{3}", said.upper()) else "it has three letters, as in ISO 4217: EUR"


def _something(said: str) -> str:
    return "" if said.strip() else "say something"


def _rate(said: str) -> str:
    return "" if re.fullmatch(r"0|0?\.[0-9]{1,6}", said) else "it is a part of one, such as 0.19"


KEYS: dict[str, Callable[[str], str]] = {
    "region": _something,
    "country": _something,
    "currency": _currency,
    "time_zone": _zone,
    "date_order": lambda said: _one_of("DMY", "MDY", "YMD")(said.upper()),
    "decimal": _one_of(".", ","),
    "identity": _something,
    "encoding": _encoding,
    "delimiter": _one_of(",", ";", "\t", "|", "tab"),
    "header": lambda said: "" if said.isdigit() else "it is the number of a line",
    "language": _one_of(*LANGUAGES),
    "amount": _one_of("net", "gross"),
    "prices": _one_of("net", "gross"),
    "discount": _one_of("amount", "rate", "percent"),
    "tax_rate": _rate,
}
"""Key → what is wrong with an answer; empty where nothing is."""
FAMILIES: dict[str, Callable[[str], str]] = {
    "column": _something,
    "status": _one_of(*MEANINGS),
    "missing": _one_of("yes", "no"),
}
"""Keys that go on behind a point: column.quantity, status.WORD, missing.WORD."""


def check(answers: Mapping[str, str]) -> None:
    """Raises `Rejected` for a key that no question has, and for an answer that cannot be one."""
    for key, said in answers.items():
        family, point, rest = key.partition(".")
        judge = FAMILIES.get(family) if point and rest else KEYS.get(key)
        if family == "column" and rest not in MAPPED:
            judge = None
        if judge is None:
            known = ", ".join([*KEYS, *(f"{name}.…" for name in FAMILIES)])
            raise Rejected(f"There is no question {key!r}. Keys are {known}.")
        if wrong := judge(said):
            raise Rejected(f"{said!r} does not answer {key}: {wrong}.")


def check_names(answers: Mapping[str, str], names: Mapping[str, object]) -> None:
    """Raises `Rejected` for an answer that names a column which the file does not have."""
    for key, said in answers.items():
        wanted = [said] if key.startswith("column.") and said != "-" else []
        if key == "identity" and said != "content":
            wanted = [name.strip() for name in said.split(",")]
        gone = [name for name in wanted if name not in names]
        if gone:
            raise Rejected(f"{key}: the file has no column {', '.join(gone)}. It has {', '.join(names)}.")
