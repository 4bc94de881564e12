"""The sample files of a region: 23 months of history, the last month, and corrections."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tillstream.samples.facts import CORRECTED_MONTHS, SampleFacts, count, parts
from tillstream.samples.faults import told_again
from tillstream.samples.months import MONTHS, mark, months
from tillstream.samples.more_regions import EVERY
from tillstream.samples.regions import REGIONS, Region
from tillstream.samples.styles import STYLES, header, written

DEMO = tuple(region.name for region in REGIONS)
"""The regions whose files are written where none are named."""


@dataclass(frozen=True)
class SampleFile:
    """`write` puts the whole file into a binary stream, month by month; the same bytes each time."""

    name: str
    contract: str
    write: Callable[[BinaryIO], None]


def files(*, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO) -> Iterator[SampleFile]:
    """Three files per region, in the order in which they are meant to arrive; 24 months up to `until`, included.

    scale 1: about 200,000 lines in the regions of the demo, 50,000 in each of the others (`EVERY` names all). The same
    arguments give the same bytes on every machine; another scale gives other sales in files of other names, so that
    each adds to the others.
    """
    for region in (EVERY[name] for name in regions):
        for name, write in zip(_names(region, until, scale), (_history, _newest, _corrections), strict=True):
            yield SampleFile(name, region.name, partial(write, region, until, scale, seed))


def write_samples(folder: Path, *, until: date, scale: float = 1.0, seed: int = 7) -> Iterator[tuple[SampleFile, Path]]:
    """The files and where they are, each written when its turn comes; files of the same names are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    for one in files(until=until, scale=scale, seed=seed):
        path = folder / one.name
        with path.open("wb") as out:
            one.write(out)
        yield one, path


def expected(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO
) -> dict[str, SampleFacts]:
    """What a right import of `files` with the same arguments says, by region."""
    return {name: count(EVERY[name], _names(EVERY[name], until, scale), until, scale, seed) for name in regions}


def _names(region: Region, until: date, scale: float) -> tuple[str, str, str]:
    first, *_, before, last = (f"{month.first:%Y-%m}" for month in months(until))
    ending = "tsv" if STYLES[region.name].delimiter == "\t" else "csv"
    name = "_".join(filter(None, (region.name, mark(scale))))
    return (
        f"{name}_sales_{first}_to_{before}.{ending}",
        f"{name}_sales_{last}.{ending}",
        f"{name}_corrections_{last}.{ending}",
    )


def _history(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    for month, lines, _, _ in parts(region, until, scale, seed):
        if month.index == 0:
            out.write(header(region))
        if month.index < MONTHS - 1:
            out.write(written(lines, region, month))


def _newest(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    """The last days of the month before once more, a blank line, and the last month."""
    out.write(header(region))
    for month, lines, _, _ in parts(region, until, scale, seed, first=MONTHS - 2):
        if month.index == MONTHS - 2:
            out.write(written(lines.take(told_again(lines, month)), region, month))
            out.write(STYLES[region.name].newline.encode())
        else:
            out.write(written(lines, region, month))


def _corrections(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    out.write(header(region))
    told = parts(region, until, scale, seed, first=MONTHS - CORRECTED_MONTHS)
    out.writelines(written(again, region, month) for month, _, again, _ in told)
