"""The colours of series differ for colour-blind readers too, in both themes."""

import re
from collections.abc import Sequence
from itertools import combinations
from math import dist
from pathlib import Path

import pytest

from portal import menu

STATIC = Path(menu.__file__).parent / "static"
SERIES = re.compile(r"--series-[1-9]: (#[0-9a-f]{6});")
SIGHT = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)),
}
"""Linear RGB as others see it: Machado, Oliveira and Fernandes (2009), severity 1."""
LMS = ((0.4122214708, 0.5363325363, 0.0514459929), (0.2119034982, 0.6806995451, 0.1073969566),
       (0.0883024619, 0.2817188376, 0.6299787005))  # fmt: skip
LAB = ((0.2104542553, 0.793617785, -0.0040720468), (1.9779984951, -2.428592205, 0.4505937099),
       (0.0259040371, 0.7827717662, -0.808675766))  # fmt: skip
"""OKLab: https://bottosson.github.io/posts/oklab/"""
APART = 0.08
"""Distance in OKLab; 0.02 is about the smallest that is visible."""
Matrix = Sequence[Sequence[float]]


def _times(matrix: Matrix, vector: Sequence[float]) -> list[float]:
    return [sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix]


def _oklab(colour: str, sight: Matrix) -> list[float]:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    visible = [min(1.0, max(0.0, one)) for one in _times(sight, linear)]
    return _times(LAB, [one ** (1 / 3) for one in _times(LMS, visible)])


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("sheet", ["tillstream.css", "dark.css"])
def test_series_differ_for_every_sight(sheet: str, sight: str) -> None:
    colours = SERIES.findall((STATIC / sheet).read_text(encoding="utf-8"))
    assert len(colours) >= 6
    for one, other in combinations(colours, 2):
        assert dist(_oklab(one, SIGHT[sight]), _oklab(other, SIGHT[sight])) >= APART, f"{one} and {other}"
