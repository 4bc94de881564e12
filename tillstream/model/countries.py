"""Country names to ISO codes, from `data/countries.json`, and from `data/country_names.json` those that it lacks."""

import json
import re
import unicodedata
from functools import cache
from importlib import resources
from typing import TypedDict

_DATA = resources.files("tillstream.model") / "data"


class Country(TypedDict):
    alpha2: str
    name: str
    spellings: list[str]
    """The name in other languages and forms."""


def country_code(name: str) -> str | None:
    """ISO 3166-1 alpha-3 code of a country name, spelling or code; None if it is none."""
    return _names().get(_plain(name))


def country_name(value: str) -> str:
    """The main name of a country that a file has as a code; other values as they are."""
    code = country_code(value) if len(value) <= 3 else None
    return _countries()[code]["name"] if code else value


@cache
def country_names() -> tuple[str, ...]:
    """Main names of all countries, sorted."""
    return tuple(sorted(country["name"] for country in _countries().values()))


@cache
def _countries() -> dict[str, Country]:
    countries: dict[str, Country] = json.loads((_DATA / "countries.json").read_text(encoding="utf-8"))
    return countries


@cache
def _names() -> dict[str, str]:
    """Normalized name → code. A name of two countries is left out, unless it is the main name of one."""
    countries = _countries()
    codes_by_name: dict[str, set[str]] = {}
    for code, country in countries.items():
        for name in country["spellings"]:
            codes_by_name.setdefault(_plain(name), set()).add(code)
    names = {name: next(iter(codes)) for name, codes in codes_by_name.items() if len(codes) == 1}
    for code, country in countries.items():
        names[_plain(country["alpha2"])] = names[_plain(code)] = names[_plain(country["name"])] = code
    extra_names: dict[str, list[str]] = json.loads((_DATA / "country_names.json").read_text(encoding="utf-8"))
    names |= {_plain(name): code for code, extra in extra_names.items() for name in extra}
    names.pop("", None)
    return names


def _plain(name: str) -> str:
    """Normalize a name: without case, accents, punctuation and a leading `the`."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    text = re.sub(r"[.'’()]", "", text).replace("&", " and ").replace("-", " ").replace(",", " ")
    return " ".join(text.removeprefix("the ").split())
