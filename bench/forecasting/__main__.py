"""`python -m bench.forecasting DATA`: compare forecasts of public sales with what came and with other methods.

Writes the section of docs/benchmarks.md. DATA is the folder of the data sets.
"""

import sys
import tempfile
from pathlib import Path

from bench import report
from bench.forecasting import methods, trial
from bench.forecasting.data_sets import DATA_SETS
from bench.forecasting.section import section

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def main(data: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tillstream-forecasts-") as folder:
        outcomes = [trial.run(read(data, Path(folder)), methods.ALL) for read in DATA_SETS]
    report.replace_section(PAGE, section(outcomes))
    print(section(outcomes))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
