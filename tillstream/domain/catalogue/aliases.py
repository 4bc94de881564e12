"""Aliases and barcodes: other codes of a product, in one region or in all."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from tillstream.domain.catalogue.dated_amounts import EVERYWHERE


class Codes(Protocol):
    """(region or `*`, code) → the product that it names."""

    def get(self, key: tuple[str, str], /) -> str | None: ...


@dataclass(frozen=True)
class Alias:
    """A code that names the product in a region; `*`: in all regions."""

    region: str
    code: str


class AliasCycle(Exception):
    """Following the aliases returns to a code. `codes`: the codes of the cycle, the first one again at the end."""

    def __init__(self, codes: list[str]) -> None:
        super().__init__(" → ".join(codes))
        self.codes = codes


def resolve(codes: Codes, region: str, code: str) -> str:
    """The product that a code names in a region: the alias of the region, then of all regions, repeatedly, until no
    alias applies; the code itself without an alias. Raises `AliasCycle`."""
    path = [code]
    while True:
        following = codes.get((region, path[-1])) or codes.get((EVERYWHERE, path[-1]))
        if following is None:
            return path[-1]
        if following in path:
            raise AliasCycle([*path[path.index(following) :], following])
        path.append(following)


def check_cycles(codes: Codes, starts: Iterable[tuple[str, str]], regions: Collection[str]) -> AliasCycle | None:
    """The first cycle that one of these (region, code) is part of or leads to; None if there is none.

    An alias of all regions can form a cycle with an alias of one region, so it is followed in each of `regions`.
    """
    for region, code in starts:
        for each in sorted({*regions, region}) if region == EVERYWHERE else [region]:
            try:
                resolve(codes, each, code)
            except AliasCycle as cycle:
                return cycle
    return None
