"""The measurement of live pages runs, small: every stream is open before it begins, and no sale is missed."""

from pathlib import Path

import pytest

from bench.live import Load, measure

pytestmark = pytest.mark.system


def test_a_few_live_pages_are_measured(tmp_path: Path) -> None:
    load = Load(viewers=4, scopes=1, seconds=3, rate=1, demo=("--json", "--scale", "0.01"))
    live = measure(tmp_path / "home", load)
    assert live.missed == 0
    assert live.arrivals
    assert live.idle
    assert live.with_live
    assert live.work.page > 0
