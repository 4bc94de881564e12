"""`python -m devtools.simulation schedules`; see docs/simulation.md."""

import argparse
import math
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from devtools.simulation import many
from devtools.simulation.entries import Difference
from devtools.simulation.groups import Tally
from devtools.simulation.year.play import Year
from devtools.simulation.year.sales import Company


def main() -> int:
    """The exit code: 1 if the product and the books differ."""
    parser = argparse.ArgumentParser(prog="python -m devtools.simulation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    schedules = commands.add_parser("schedules", help="small schedules, drawn from seeds")
    schedules.add_argument("--count", type=int, default=1_000, help="number of schedules")
    schedules.add_argument("--first", type=int, default=0, help="number of the first group")
    schedules.add_argument("--size", type=int, default=many.SIZE, help="companies of a group")
    schedules.add_argument("--workers", type=int, default=many.cores(), help="processes at the same time")
    schedules.add_argument("--crashes", type=float, default=3, help="crashes of a group, about")
    schedules.add_argument("--group", type=int, help="repeat only this group")
    schedules.add_argument("--seeds", help="repeat only these companies of the group, separated by commas")
    _add_year(commands.add_parser("year", help="a year of a company on a real server, with power cuts"))
    options = parser.parse_args()
    many.be_quiet()
    if options.command == "year":
        return _play_year(options)
    if options.group is not None:
        return _repeat(options)
    return _play(options)


def _add_year(year: argparse.ArgumentParser) -> None:
    company = Company()
    year.add_argument("--seed", type=int, default=company.seed, help="decides what happens")
    year.add_argument("--regions", type=int, default=company.regions, help="regions, each with a contract")
    year.add_argument("--stores", type=int, default=company.stores, help="stores")
    year.add_argument("--tills", type=int, default=company.tills, help="stores that send their own sales")
    year.add_argument("--lines", type=int, default=company.lines, help="sale lines, about")
    year.add_argument("--days", type=int, default=company.days, help="days from the first of January on")
    year.add_argument("--kills", type=float, default=20, help="power cuts, about")
    year.add_argument("--folder", type=Path, help="an empty folder for the home; default: one that is removed")
    words = "pause after a day of about so many minutes (needs --folder); the same command continues"
    year.add_argument("--minutes", type=float, default=math.inf, help=words)


def _play_year(options: argparse.Namespace) -> int:
    names = ("seed", "regions", "stores", "tills", "lines", "days")
    company = Company(**{name: getattr(options, name) for name in names})
    if options.folder is None and options.minutes < math.inf:
        print("--minutes needs --folder: a paused year is kept there.", file=sys.stderr)
        return 2
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tillstream-year-") as temporary:
        year = Year(options.folder or Path(temporary), company, options.kills)
        try:
            done = year.play(partial(print, flush=True), options.minutes)
        except Difference as difference:
            arguments = " ".join(f"--{name} {getattr(options, name):g}" for name in (*names, "kills"))
            print(f"The product and the books differ on day {year.done.days}: {difference}", file=sys.stderr)
            print(f"Repeat with: python -m devtools.simulation year {arguments}", file=sys.stderr)
            return 1
    if done is None:
        print(f"Paused after {year.done.days} days. The same command continues.")
        return 0
    lines = sum(month.lines for month in done.months)
    print(
        f"The books agree: {done.days} days with {lines:,} lines in {time.monotonic() - start:,.0f} s, "
        f"{done.uploads:,} uploads, {done.undone} undone, {done.messages:,} messages, {done.kills} power cuts, "
        f"{done.restores} restored backups, {done.receipts:,} receipts, {done.stock:,} stock levels, "
        f"{done.rebuilds} rebuilt warehouses"
    )
    return 0


def _repeat(options: argparse.Namespace) -> int:
    seeds = many.seeds_of(options.group, options.size)
    if options.seeds:
        seeds = [int(seed) for seed in options.seeds.split(",")]
    outcome = many.play(options.group, seeds, options.crashes)
    print(outcome.error or f"The books agree: {outcome.tally}")
    return int(bool(outcome.error))


def _play(options: argparse.Namespace) -> int:
    total, seconds, failed = Tally(), 0.0, []
    start = time.monotonic()
    groups = range(options.first, options.first + -(-options.count // options.size))
    for outcome in many.play_many(groups, options.size, options.workers, options.crashes):
        total.add(outcome.tally)
        seconds += outcome.seconds
        if outcome.error:
            failed.append(outcome)
            print(f"group {outcome.number} differs: {outcome.error}", file=sys.stderr)
    elapsed = time.monotonic() - start
    print(
        f"{total.schedules:,} schedules in {elapsed:,.0f} s ({seconds:,.0f} s of processors, "
        f"{total.schedules / max(seconds, 0.001):.1f} for each of these seconds): {total.batches:,} batches with "
        f"{total.rows:,} rows in {total.settlements:,} settlements, {total.undone:,} undone, "
        f"{total.corrections:,} corrections, {total.quarantined:,} rows in quarantine, {total.imports:,} imports of "
        f"costs and counts, {total.counted:,} counted products, {total.crashes:,} crashes"
    )
    for outcome in failed:
        seeds = many.seeds_of(outcome.number, options.size)
        part = many.smallest(outcome, seeds, partial(many.play, crashes=options.crashes))
        print(f"Repeat with: {part.command} --crashes {options.crashes:g}", file=sys.stderr)
        is_same = part.kind == outcome.kind
        print(f"  {part.error if is_same else 'It did not differ in the same way again.'}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
