"""Sample files of each region: 23 months of history, the last month, and corrections."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tillstream.samples.facts import CORRECTED_MONTHS, SampleFacts, count, parts
from tillstream.samples.faults import overlap
from tillstream.samples.months import MONTHS, mark, months
from tillstream.samples.more_regions import ALL_REGIONS
from tillstream.samples.regions import REGIONS, Region
from tillstream.samples.styles import STYLES, header, written

DEMO = tuple(region.name for region in REGIONS)
"""Default regions."""


@dataclass(frozen=True)
class SampleFile:
    """`write` writes the whole file to a binary stream, month by month; always the same bytes."""

    name: str
    contract: str
    write: Callable[[BinaryIO], None]


def files(*, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO) -> Iterator[SampleFile]:
    """Three files per region in import order, covering the 24 months up to and including `until`.

    scale 1: about 200,000 lines in the demo regions, 50,000 in each of the others (see `ALL_REGIONS`). The same
    arguments give the same bytes on every machine; another scale gives different sales and file names, so that files
    of several scales can be imported together.
    """
    for region in (ALL_REGIONS[name] for name in regions):
        for name, write in zip(_names(region, until, scale), (_history, _newest, _corrections), strict=True):
            yield SampleFile(name, region.name, partial(write, region, until, scale, seed))


def write_samples(folder: Path, *, until: date, scale: float = 1.0, seed: int = 7) -> Iterator[tuple[SampleFile, Path]]:
    """Write the files into a folder one by one, replacing existing ones; yields each file with its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files(until=until, scale=scale, seed=seed):
        path = folder / file.name
        with path.open("wb") as out:
            file.write(out)
        yield file, path


def expected(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO
) -> dict[str, SampleFacts]:
    """Expected result of importing `files` with the same arguments, by region."""
    return {
        name: count(ALL_REGIONS[name], _names(ALL_REGIONS[name], until, scale), until, scale, seed) for name in regions
    }


def _names(region: Region, until: date, scale: float) -> tuple[str, str, str]:
    first, *_, before, last = (f"{month.first:%Y-%m}" for month in months(until))
    extension = "tsv" if STYLES[region.name].delimiter == "\t" else "csv"
    name = "_".join(filter(None, (region.name, mark(scale))))
    return (
        f"{name}_sales_{first}_to_{before}.{extension}",
        f"{name}_sales_{last}.{extension}",
        f"{name}_corrections_{last}.{extension}",
    )


def _history(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    for month, lines, _, _ in parts(region, until, scale, seed):
        if month.index == 0:
            out.write(header(region))
        if month.index < MONTHS - 1:
            out.write(written(lines, region, month))


def _newest(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    """The last days of the previous month again, a blank line, and the last month."""
    out.write(header(region))
    for month, lines, _, _ in parts(region, until, scale, seed, first=MONTHS - 2):
        if month.index == MONTHS - 2:
            out.write(written(lines.take(overlap(lines, month)), region, month))
            out.write(STYLES[region.name].newline.encode())
        else:
            out.write(written(lines, region, month))


def _corrections(region: Region, until: date, scale: float, seed: int, out: BinaryIO) -> None:
    out.write(header(region))
    recent = parts(region, until, scale, seed, first=MONTHS - CORRECTED_MONTHS)
    out.writelines(written(corrected, region, month) for month, _, corrected, _ in recent)
