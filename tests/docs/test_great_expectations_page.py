"""The page about Great Expectations: its code runs as it stands, and finds what the page lists."""

import json
import re
import subprocess
from pathlib import Path

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.pipeline.validating.schema_exports import to_expectation_json

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validate-with-great-expectations.md"


def test_the_code_of_the_page_finds_what_the_page_lists(expectations_python: Path, tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (tmp_path / "supermarket.json").write_text(
        to_expectation_json(shipped_contracts()["supermarket"]), encoding="utf-8"
    )
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    program = f"{code}\nprint(json.dumps(failures))"
    done = subprocess.run(
        [expectations_python, "-c", program],
        cwd=tmp_path,
        env={"GX_ANALYTICS_ENABLED": "false", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed = re.findall(r"^\| ([a-z-]+) \| (\d+) \|$", page, flags=re.MULTILINE)
    assert sorted(map(tuple, json.loads(done.stdout))) == sorted((problem, int(row)) for problem, row in listed)
