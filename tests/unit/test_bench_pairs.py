"""Pairs measure the checkouts that they are given, each in turn first."""

from pathlib import Path

from bench.pairs import pairs, summarize
from bench.process import Figures, Run


def checkout(folder: Path) -> Path:
    """A checkout whose command line only records that it ran."""
    (folder / "tillstream").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nscripts = {tillstream = "tillstream.cli:script"}\n')
    (folder / "tillstream" / "__init__.py").touch()
    (folder / "tillstream" / "cli.py").write_text(
        f"def script():\n    open({str(folder.parent / 'ran')!r}, 'a').write({folder.name[0]!r})\n"
    )
    return folder


def test_pairs_alternate_their_order_after_a_warm_up(tmp_path: Path) -> None:
    here, other = checkout(tmp_path / "here"), checkout(tmp_path / "other")
    measured = pairs(here, other, tmp_path / "any.csv", tmp_path, 2)
    assert (tmp_path / "ran").read_text() == "ohhooh"
    assert [len(figures.runs) for figures in measured] == [2, 2]


def test_the_ratio_is_the_median_of_those_of_the_pairs() -> None:
    """A machine that becomes slower slows both runs of a pair."""
    here = Figures((Run(2.0, 1.0, 90.0), Run(20.0, 2.0, 110.0), Run(4.0, 3.0, 100.0)))
    other = Figures((Run(1.0, 1.0, 80.0), Run(10.0, 1.0, 70.0), Run(4.0, 2.0, 60.0)))
    assert summarize(here, other) == {
        "pairs": 3,
        "here_wall": 4.0,
        "other_wall": 4.0,
        "ratio": 2.0,
        "least_ratio": 1.0,
        "greatest_ratio": 2.0,
        "processor_ratio": 1.5,
        "here_memory": 110.0,
        "other_memory": 80.0,
    }
