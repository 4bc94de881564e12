"""`python -m bench.stores [MODE …]`: measure store sales on a new home, or on the one of a measured history."""

import argparse
import tempfile
from pathlib import Path

from bench.stores import report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.stores", description=__doc__)
    parser.add_argument("modes", nargs="*", choices=(*report.MODES, []), metavar="MODE",
                        help=f"all of these: {', '.join(report.MODES)}")  # fmt: skip
    parser.add_argument("--effort", choices=report.EFFORTS, default="short", help="how long and how much")
    parser.add_argument("--home", type=Path, help="a home with history, which keeps the sales that are sent")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        home = options.home or Path(folder) / "home"
        measured = report.measure_stores(home, report.EFFORTS[options.effort], options.modes or report.MODES)
    print(report.section(measured))


if __name__ == "__main__":
    main()
