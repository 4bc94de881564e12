"""`python -m bench.pairs OTHER_CHECKOUT`: whole-process ingest of this checkout and another, in pairs.

Compares the speed with that of an earlier commit: `git worktree add ../before COMMIT`, then measure against
`../before`.
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
LIMIT = 1.05
MIN_PAIRS = 7


def pairs(here: Path, other: Path, file: Path, work: Path, count: int) -> tuple[Figures, Figures]:
    """Run `count` pairs after a warm-up pair, alternating the order so that neither checkout benefits from it."""
    runs: dict[Path, list[Run]] = {here: [], other: []}
    for number in range(count + 1):
        for checkout in (here, other) if number % 2 else (other, here):
            home = ingest.home(work / "home")
            run = timed(*_command(checkout, file, home))
            shutil.rmtree(home)
            if number:
                runs[checkout].append(run)
    return Figures(tuple(runs[here])), Figures(tuple(runs[other]))


def _command(checkout: Path, file: Path, home: Path) -> tuple[Sequence[str], dict[str, str]]:
    arguments = ["ingest", str(file), "--region", "bench", "--json"]
    module, function = _script(checkout).split(":")
    start = f"from {module} import {function}; {function}()"
    # -P: keep the current directory from preceding the checkout on the path
    return [sys.executable, "-P", "-c", start, *arguments], {"PYTHONPATH": str(checkout), "TILLSTREAM_HOME": str(home)}


def _script(checkout: Path) -> str:
    """Return the command's entry point, MODULE:FUNCTION, which differs between versions."""
    script: str = tomllib.loads((checkout / "pyproject.toml").read_text("utf-8"))["project"]["scripts"]["tillstream"]
    return script


def summarize(here: Figures, other: Figures) -> dict[str, float]:
    """Summarize the pairs: medians in seconds and megabytes; `ratio` is the median of the ratios of the pairs."""
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
    parser.add_argument("--pairs", type=int, default=MIN_PAIRS, help=f"counted pairs, at least {MIN_PAIRS}")
    parser.add_argument("--rows", type=int, default=ingest.ROWS, help="rows of the file")
    options = parser.parse_args()
    other = options.other.resolve()
    if not (other / "tillstream").is_dir():
        parser.error(f"{other} is no checkout of Tillstream")
    with tempfile.TemporaryDirectory(prefix="tillstream-pairs-") as folder:
        work = Path(folder)
        file = ingest.file_of(work, options.rows)
        summary = summarize(*pairs(HERE, other, file, work, max(options.pairs, MIN_PAIRS)))
    print(json.dumps({name: round(value, 3) for name, value in summary.items()}, indent=2))
    print(
        f"speed {'holds' if summary['ratio'] <= LIMIT else 'does not hold'}: {summary['ratio']:.3f} of {LIMIT} at most"
    )
    return 0 if summary["ratio"] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
