"""The page about pandera: its code runs as it stands, and finds what the page lists."""

import re
from pathlib import Path
from typing import Any

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.pipeline.validating.schema_exports import to_polars_script

PAGE = Path(__file__).resolve().parents[2] / "docs" / "validate-with-pandera.md"


def test_the_code_of_the_page_finds_what_the_page_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = PAGE.read_text(encoding="utf-8")
    (tmp_path / "supermarket_checks.py").write_text(
        to_polars_script(shipped_contracts()["supermarket"]), encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(code, names)
    listed = re.findall(r"^\| (\w+) \| (\d+) \|$", page, flags=re.MULTILINE)
    assert [(check, str(row)) for check, row in names["failures"].rows()] == listed
    assert set(names["report"]) == {"DATA"}
