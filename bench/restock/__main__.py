"""`python -m bench.restock DATA`: compare the stock that order policies need on public sales.

Writes the section of docs/benchmarks.md. DATA is the folder of the data sets.
"""

import sys
import tempfile
from pathlib import Path

from bench import report
from bench.restock import trial
from bench.restock.section import section

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"


def main(data: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="tillstream-restock-") as folder:
        text = section(trial.run(data, Path(folder)))
    report.replace_section(PAGE, text)
    print(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
