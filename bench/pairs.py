"""`python -m bench.pairs OTHER_CHECKOUT`: whole-process ingest of this checkout and another, in pairs.

Says whether speed holds against a commit before: `git worktree add ../before COMMIT`, then measure against `../before`.
Both run on this Python with its packages, so only the code differs.
"""

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from bench import ingest
from bench.process import Figures, Run, ratio, timed

HERE = Path(__file__).resolve().parents[1]
MOST = 1.05
FEWEST = 7


def pairs(here: Path, other: Path, file: Path, work: Path, count: int) -> tuple[Figures, Figures]:
    """After an uncounted pair; every second pair in the other order, so that whoever is first gains nothing by it."""
    found: dict[Path, list[Run]] = {here: [], other: []}
    for number in range(count + 1):
        for checkout in (here, other) if number % 2 else (other, here):
            home = ingest.home(work / "home")
            run = timed(*_command(checkout, file, home))
            shutil.rmtree(home)
            if number:
                found[checkout].append(run)
    return Figures(tuple(found[here])), Figures(tuple(found[other]))


def _command(checkout: Path, file: Path, home: Path) -> tuple[Sequence[str], dict[str, str]]:
    arguments = ["ingest", str(file), "--region", "bench", "--json"]
    module, function = _script(checkout).split(":")
    start = f"from {module} import {function}; {function}()"
    # -P: the folder one stands in does not come before the checkout
    return [sys.executable, "-P", "-c", start, *arguments], {"PYTHONPATH": str(checkout), "TILLSTREAM_HOME": str(home)}


def _script(checkout: Path) -> str:
    """The entry point of the checkout's command, MODULE:FUNCTION: a checkout of another time has another one."""
    script: str = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]["tillstream"]
    return script


def said(here: Figures, other: Figures) -> dict[str, float]:
    """Medians in seconds and megabytes; the ratio is the median of the ratios pair by pair."""
    ratios = sorted(one.wall / two.wall for one, two in zip(here.runs, other.runs, strict=True))
    return {
        "pairs": len(ratios),
        "here_wall": here.wall,
        "other_wall": other.wall,
        "ratio": ratio(here, other),
        "least_ratio": ratios[0],
        "greatest_ratio": ratios[-1],
        "processor_ratio": statistics.median(a.cpu / b.cpu for a, b in zip(here.runs, other.runs, strict=True)),
        "here_memory": here.memory,
        "other_memory": other.memory,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.pairs", description=__doc__)
    parser.add_argument("other", type=Path, help="the folder of the other checkout")
    parser.add_argument("--pairs", type=int, default=FEWEST, help=f"counted pairs, at least {FEWEST}")
    parser.add_argument("--rows", type=int, default=ingest.ROWS, help="rows of the file")
    options = parser.parse_args()
    other = options.other.resolve()
    if not (other / "tillstream").is_dir():
        parser.error(f"{other} is no checkout of Tillstream")
    with tempfile.TemporaryDirectory(prefix="tillstream-pairs-") as folder:
        work = Path(folder)
        file = ingest.file_of(work, options.rows)
        found = said(*pairs(HERE, other, file, work, max(options.pairs, FEWEST)))
    print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=2))
    print(f"speed {'holds' if found['ratio'] <= MOST else 'does not hold'}: {found['ratio']:.3f} of {MOST} at most")
    return 0 if found["ratio"] <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
