"""`python -m bench.live`: open live pages while sales arrive: when they show a sale, and how long pages take."""

import argparse
import tempfile
from pathlib import Path

from bench.live import Load, measure
from bench.live.report import passes, section


def main() -> None:
    """Print the figures; the exit code is 1 if pages are too slow or a sale was missed or repeated."""
    parser = argparse.ArgumentParser(prog="python -m bench.live", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--viewers", type=int, default=50)
    parser.add_argument("--scopes", type=int, default=10, help="viewers who see other stores, each its own")
    parser.add_argument("--rate", type=float, default=2, help="sales a second")
    options = parser.parse_args()
    load = Load(options.viewers, options.scopes, options.seconds, options.rate)
    with tempfile.TemporaryDirectory(prefix="tillstream-bench-") as folder:
        live = measure(Path(folder) / "home", load)
    print(section(load, live))
    raise SystemExit(int(not passes(live)))


if __name__ == "__main__":
    main()
