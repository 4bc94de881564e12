"""Words of sales files in further languages, one TOML file per language."""

import tomllib
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources


@lru_cache(maxsize=1)
def _languages() -> tuple[dict[str, object], ...]:
    folder = resources.files("tillstream.detection.words").joinpath("languages")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(tomllib.loads(file.read_text("utf-8")) for file in files)


def header_words() -> Iterator[tuple[str, str]]:
    """(role, names separated by commas) of each language; names after a bar are vague."""
    for language in _languages():
        yield from ((role, names) for role, names in language.items() if isinstance(names, str))


def status_words() -> Iterator[tuple[str, str]]:
    """(status, words separated by commas) of each language."""
    return _section("statuses")


def footer_words() -> Iterator[tuple[str, str]]:
    """("words", words separated by commas) of each language."""
    return _section("footers")


def _section(name: str) -> Iterator[tuple[str, str]]:
    for language in _languages():
        section = language.get(name)
        if isinstance(section, dict):
            yield from section.items()
