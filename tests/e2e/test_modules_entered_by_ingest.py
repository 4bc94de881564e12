"""How many modules one small file enters, from the command to its receipt: what a reader of that path has to open."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import house_figures as house
from shop_of_two_stores import content

MODULES = 110
"""The most; a change may lower it."""


def test_a_file_enters_few_modules(run: Callable[..., tuple[int, Any]], tmp_path: Path) -> None:
    file = tmp_path / "UK.csv"
    file.write_bytes(content())
    results = []
    entered = house.entered(lambda: results.append(run("ingest", str(file), "--region", "UK")))
    assert [code for code, _ in results] == [0]
    assert 50 < len(entered) <= MODULES, sorted(entered)
