"""`python -m devtools.steadiness`: run the tests again and again, and print which runs failed; see CONTRIBUTING.md."""

import argparse
import math
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from devtools.steadiness.plan import COUNTS, Run, plan
from devtools.steadiness.runs import ROOT, Result, perform, read_results


def main() -> int:
    """The exit code: 1 if a run of the plan failed."""
    options = _options()
    folder: Path = options.folder
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended
    kinds = (options.only,) if options.only else tuple(COUNTS)
    runs = list(plan(kinds, options.first_seed, options.part))
    results = read_results(folder / "results.jsonl")
    due = [run for run in runs if run.name not in results or (options.failed and not results[run.name].passed)]
    end = time.monotonic() + options.minutes * 60
    for run in due[: options.runs]:
        if time.monotonic() > end:
            break
        print(f"{run.name}: {_conditions(run)} ...", flush=True)
        results[run.name] = perform(run, folder, options.workers)
    _print_table(runs, results)
    return int(any(run.name in results and not results[run.name].passed for run in runs))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devtools.steadiness", description=__doc__)
    parser.add_argument("--runs", type=int, help="at most so many now; the same command continues")
    parser.add_argument("--minutes", type=float, default=math.inf, help="in which a run may begin")
    parser.add_argument("--only", choices=COUNTS, help="only runs of this kind")
    parser.add_argument("--part", default="0/1", help="3/10: only the fourth of ten parts of the tests, in each run")
    parser.add_argument("--failed", action="store_true", help="also repeat the runs that failed")
    parser.add_argument("--first-seed", type=int, default=1, help="another one for other orders of the tests")
    parser.add_argument("--workers", type=int, default=2, help="workers of pytest")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "steadiness", help="for results and outputs")
    return parser.parse_args()


def _print_table(runs: Sequence[Run], results: dict[str, Result]) -> None:
    width = max(len(run.name) for run in runs)
    for run in runs:
        result = results.get(run.name)
        how = "-" if result is None else "passed" if result.passed else "FAILED"
        seconds = f"{result.seconds} s" if result else ""
        print(f"{run.name:{width}}  {how:6}  {seconds:>7}  {_conditions(run)}")
        for failure in result.failures if result else ():
            print(f"{'':{width}}  {failure}")
    passed = sum(run.name in results and results[run.name].passed for run in runs)
    print(f"{passed} of {len(runs)} runs passed, {sum(run.name not in results for run in runs)} are left")


def _conditions(run: Run) -> str:
    load = ", under load" if run.is_loaded else ""
    return f"{run.moment.name} ({run.moment.at or 'now'}), {run.moment.zone}{load}"


if __name__ == "__main__":
    sys.exit(main())
