"""Countries: what a file calls a country → its ISO code, from the data files of a locked package."""

import json
import re
import unicodedata
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tillstream.domain.errors import NotFound

OURS = {
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
"""What the package does not know and files say."""
FORMER = frozenset({"ANT", "SCG"})


def code_of(name: str) -> str | None:
    """ISO 3166-1 alpha-3 of a country by any of its names, spellings or codes; None for what is no country."""
    return _names().get(_plain(name))


@cache
def known() -> dict[str, dict[str, Any]]:
    """alpha-3 → the package's record. Found without importing the package. Raises `NotFound`."""
    package = find_spec("countryinfo")
    if package is None or package.origin is None:
        raise NotFound("The package of the countries is not installed.")
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((Path(package.origin).parent / "data").glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        code = record.get("ISO", {}).get("alpha3")
        if code and code not in FORMER:
            # Some stand there twice: the one with an outline says more.
            found[code] = record if code not in found or record.get("geoJSON") else found[code]
    return found


@cache
def _names() -> dict[str, str]:
    """Every name → its code; a name that two countries have is nobody's, unless one is called so first of all."""
    found: dict[str, set[str]] = {}
    for code, one in known().items():
        spellings = (one.get("nativeName", ""), *one.get("altSpellings", ()), *one.get("translations", {}).values())
        for name in spellings:
            found.setdefault(_plain(name or ""), set()).add(code)
    names = {name: next(iter(codes)) for name, codes in found.items() if len(codes) == 1}
    for code, one in known().items():
        names[_plain(one["ISO"]["alpha2"])] = names[_plain(code)] = names[_plain(one["name"])] = code
    names |= {_plain(name): code for code, given in OURS.items() if code in known() for name in given}
    names.pop("", None)
    return names


def _plain(name: str) -> str:
    """Without case, accents, points and `the`: as people write one country in ten ways."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    text = "".join(letter for letter in letters if not unicodedata.combining(letter))
    text = re.sub(r"[.'’()]", "", text).replace("&", " and ").replace("-", " ").replace(",", " ")
    return " ".join(text.removeprefix("the ").split())
