"""Validation of answers, so that a typo does not become part of a contract."""

import re
from collections.abc import Callable, Mapping
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from tillstream.detection.words.status_words import STATUSES
from tillstream.model.columns import IGNORE
from tillstream.model.contract import MAPPABLE_COLUMNS
from tillstream.model.contract_patterns import canonical_encoding, date_format_error
from tillstream.model.date_words import LANGUAGES
from tillstream.model.errors import Rejected


def _one_of(*choices: str) -> Callable[[str], str]:
    return lambda answer: "" if answer in choices else f"it must be one of {', '.join(choices)}"


def _zone(answer: str) -> str:
    try:
        ZoneInfo(answer)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return "it must be a name such as Europe/London"
    return ""


def zone_name(answer: str) -> str:
    """The time zone that a person means; the answer as it is if none or several can be meant.

    `new york` and `america/new york` → America/New_York
    """
    matches = _zones().get(_plain(answer), ())
    return matches[0] if len(matches) == 1 else answer


@cache
def _zones() -> dict[str, tuple[str, ...]]:
    """Plain name, or plain name of the city → time zones."""
    names: dict[str, set[str]] = {}
    for zone in available_timezones():
        names.setdefault(_plain(zone), set()).add(zone)
        if "/" in zone:
            names.setdefault(_plain(zone.rpartition("/")[2]), set()).add(zone)
    return {name: tuple(sorted(zones)) for name, zones in names.items()}


def _plain(name: str) -> str:
    return name.replace("_", " ").strip().casefold()


def _encoding(answer: str) -> str:
    try:
        canonical_encoding(answer)
    except ValueError as error:
        return str(error)
    return ""


def _currency(answer: str) -> str:
    return "" if re.fullmatch("[A-Z]{3}", answer.upper()) else "it must have three letters, as in ISO 4217: EUR"


def _not_empty(answer: str) -> str:
    return "" if answer.strip() else "say something"


PREFIX_VALIDATORS: dict[str, Callable[[str], str]] = {
    "source": _not_empty,
    "column": _not_empty,
    "currency": _currency,
    "status": _one_of(*STATUSES, IGNORE),
    "missing": _one_of("yes", "no"),
    "subtract": _one_of("yes", "no", "with_tax"),
    "once": _one_of("yes", "no"),
    "rows": _one_of("subtract", "ignore", "keep"),
    "ignore": _one_of("yes", "no"),
    "repeats": _one_of("sales"),
}
"""Key prefix → validator, for keys with a suffix: column.quantity, status.WORD, subtract.HEADER."""


def _rate(answer: str) -> str:
    return "" if re.fullmatch(r"0|0?\.[0-9]{1,6}", answer) else "it must be a fraction, such as 0.19"


VALIDATORS: dict[str, Callable[[str], str]] = {
    "source": _not_empty,
    "region": _not_empty,
    "country": _not_empty,
    "currency": _currency,
    "time_zone": _zone,
    "date": date_format_error,
    "date_order": lambda answer: _one_of("DMY", "MDY", "YMD")(answer.upper()),
    "decimal": _one_of(".", ","),
    "identity": _not_empty,
    "encoding": _encoding,
    "delimiter": _one_of(",", ";", "\t", "|", "tab"),
    "sheet": _not_empty,
    "header": lambda answer: "" if answer.isdigit() else "it must be a line number",
    "language": _one_of(*LANGUAGES),
    "amount": _one_of("net", "gross"),
    "prices": _one_of("net", "gross"),
    "discount": _one_of("amount", "rate", "percent"),
    "tax": _one_of("amount", "rate", "percent", "-"),
    "tax_rate": _rate,
    "returns": _one_of("subtract", "cancel", "keep"),
    "status.default": _one_of(*STATUSES),
    "minor_units": _one_of("yes", "no"),
    "missing_quantity": _one_of("1", "-"),
    "multiple": _one_of("yes", "no"),
    "quantity_decimals": _one_of("yes", "no"),
    "discount_confirmed": _one_of("yes", "no"),
    "fill_down": _one_of("yes", "no"),
    "event": _not_empty,
    "total_rows": _one_of("yes", "no"),
    "half_converted": _one_of("swap", "keep"),
    "overlap": _one_of("same", "different"),
    "repeats": _one_of("sales"),
    "negative": _one_of("yes", "no"),
}
"""Key → validator, which returns an error text or an empty string."""


def check_answers(answers: Mapping[str, str]) -> None:
    """Raise `Rejected` for an unknown key or an invalid answer."""
    for key, answer in answers.items():
        if error := invalid_reason(key, answer):
            raise Rejected(f"{answer!r} is not a valid answer to {key}: {error}.")


def invalid_reason(key: str, answer: str) -> str:
    """Return why an answer is not valid, as the end of a sentence, or an empty string.

    Raises `Rejected` for an unknown key.
    """
    family, point, suffix = key.partition(".")
    validator = VALIDATORS.get(key) or (PREFIX_VALIDATORS.get(family) if point and suffix else None)
    if family == "column" and suffix not in MAPPABLE_COLUMNS | {"amount"}:
        validator = None
    if validator is None:
        valid_keys = ", ".join([*VALIDATORS, *(f"{name}.…" for name in PREFIX_VALIDATORS)])
        raise Rejected(f"There is no question {key!r}. Available keys: {valid_keys}.")
    return validator(answer)


def check_column_names(answers: Mapping[str, str], names: Mapping[str, object]) -> None:
    """Raise `Rejected` for an answer that names a column missing from the file."""
    for key, answer in answers.items():
        columns = [answer] if key.startswith("column.") and answer != "-" else []
        if key == "identity" and answer != "content":
            columns = [name.strip() for name in answer.split(",")]
        missing = [name for name in columns if name not in names]
        if missing:
            raise Rejected(f"{key}: the file has no column {', '.join(missing)}. Its columns are {', '.join(names)}.")
