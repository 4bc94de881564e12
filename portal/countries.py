"""Country names to ISO codes, from the data files of the pinned package `countryinfo`."""

import json
import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tillstream.domain.errors import NotFound

EXTRA_NAMES = {
    "GBR": ("England", "Scotland", "Wales", "Northern Ireland", "Britain", "U.K."),
    "USA": ("America", "U.S.", "U.S.A.", "United States (USA)"),
    "ZAF": ("RSA", "R.S.A."),
    "ARE": ("UAE", "Emirates"),
    "NLD": ("Holland", "The Netherlands"),
    "KOR": ("Korea", "Korea (South)"),
    "PRK": ("Korea (North)",),
    "CZE": ("Czech Rep.",),
    "BIH": ("Bosnia",),
    "MKD": ("North Macedonia",),
    "SWZ": ("Eswatini",),
    "TUR": ("Türkiye",),
    "VNM": ("Viet Nam",),
    "COD": ("DR Congo", "Congo-Kinshasa"),
    "CIV": ("Ivory Coast",),
    "RUS": ("Russia",),
    "MMR": ("Burma",),
    "TLS": ("Timor-Leste",),
    "CPV": ("Cabo Verde",),
}
"""Names in sales files that the package lacks: code → names."""
FORMER = frozenset({"ANT", "SCG"})


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-3 code of a country name, spelling or code; None if it is none."""
    return _names().get(_plain(name))


@cache
def country_records() -> dict[str, dict[str, Any]]:
    """alpha-3 code → the package's record, read without importing the package. Raises `NotFound`."""
    package = find_spec("countryinfo")
    if package is None or package.origin is None:
        raise NotFound("The package of the countries is not installed.")
    records: dict[str, dict[str, Any]] = {}
    for path in sorted((Path(package.origin).parent / "data").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        code = record.get("ISO", {}).get("alpha3")
        if code and code not in FORMER:
            # Duplicate codes: prefer the record with an outline.
            records[code] = record if code not in records or record.get("geoJSON") else records[code]
    return records


@cache
def _names() -> dict[str, str]:
    """Normalized name → code. A name of two countries is left out, unless it is the main name of one."""
    codes_by_name: dict[str, set[str]] = {}
    for code, one in country_records().items():
        spellings = (one.get("nativeName", ""), *one.get("altSpellings", ()), *one.get("translations", {}).values())
        for name in spellings:
            codes_by_name.setdefault(_plain(name or ""), set()).add(code)
    names = {name: next(iter(codes)) for name, codes in codes_by_name.items() if len(codes) == 1}
    for code, one in country_records().items():
        names[_plain(one["ISO"]["alpha2"])] = names[_plain(code)] = names[_plain(one["name"])] = code
    names |= {_plain(name): code for code, extra in EXTRA_NAMES.items() if code in country_records() for name in extra}
    names.pop("", None)
    return names


def _plain(name: str) -> str:
    """Normalize a name: without case, accents, punctuation and a leading `the`."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    text = re.sub(r"[.'’()]", "", text).replace("&", " and ").replace("-", " ").replace(",", " ")
    return " ".join(text.removeprefix("the ").split())
