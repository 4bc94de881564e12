"""Sample files of each region: 23 months of history, the newest month, its newest days, and corrections."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import BinaryIO

from tillstream.samples.deliveries import Delivery, deliveries
from tillstream.samples.facts import CORRECTED_MONTHS, SampleFacts, count, parts
from tillstream.samples.months import MONTHS
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
    delivery: Delivery
    write: Callable[[BinaryIO], None]


def files(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO, days: int = 0
) -> Iterator[SampleFile]:
    """The files of `deliveries` for each region in import order, covering the 24 months up to and including `until`.

    scale 1: about 200,000 lines in the demo regions, 50,000 in each of the others (see `ALL_REGIONS`). The same
    arguments give the same bytes on every machine; another scale gives different sales and file names, so that files
    of several scales can be imported together. days: number of newest days that have a file each.
    """
    for region in (ALL_REGIONS[name] for name in regions):
        for delivery in deliveries(region, _extension(region), until, scale, days):
            write = partial(_write, region, delivery, until, scale, seed, days)
            yield SampleFile(delivery.name, region.name, delivery, write)


def write_samples(
    folder: Path, *, until: date, scale: float = 1.0, seed: int = 7, days: int = 0
) -> Iterator[tuple[SampleFile, Path]]:
    """Write the files into a folder one by one, replacing existing ones; yields each file with its path."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in files(until=until, scale=scale, seed=seed, days=days):
        path = folder / file.name
        with path.open("wb") as out:
            file.write(out)
        yield file, path


def expected(
    *, until: date, scale: float = 1.0, seed: int = 7, regions: Sequence[str] = DEMO, days: int = 0
) -> dict[str, SampleFacts]:
    """Expected result of importing `files` with the same arguments, by region."""
    return {name: count(ALL_REGIONS[name], _extension(ALL_REGIONS[name]), until, scale, seed, days) for name in regions}


def _extension(region: Region) -> str:
    return "tsv" if STYLES[region.name].delimiter == "\t" else "csv"


def _write(region: Region, delivery: Delivery, until: date, scale: float, seed: int, days: int, out: BinaryIO) -> None:
    out.write(header(region))
    for month, lines, corrected, _ in parts(region, until, scale, seed, days, _first_month(delivery, until)):
        if delivery.corrects:
            out.write(written(corrected, region, month))
        elif delivery.repeats and month.index == MONTHS - 2:
            out.write(written(delivery.repeated(lines, month), region, month))
            out.write(STYLES[region.name].newline.encode())
        elif month.first <= delivery.last:
            out.write(written(delivery.of(lines, month), region, month))


def _first_month(delivery: Delivery, until: date) -> int:
    """Index of the first month of which the file has lines."""
    if delivery.corrects:
        return MONTHS - CORRECTED_MONTHS
    if delivery.repeats:
        return MONTHS - 2
    return MONTHS - 1 - (until.year - delivery.first.year) * 12 - (until.month - delivery.first.month)
