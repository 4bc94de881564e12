"""Pairs measure the checkouts that they are given, each in turn first."""

from pathlib import Path

from bench.pairs import pairs, summarize


def checkout(folder: Path, seconds: float) -> Path:
    """A checkout whose command line only sleeps, and records that it ran."""
    (folder / "tillstream").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nscripts = {tillstream = "tillstream.cli:script"}\n')
    (folder / "tillstream" / "__init__.py").touch()
    (folder / "tillstream" / "cli.py").write_text(
        "import time\n\n\ndef script():\n"
        f"    open({str(folder.parent / 'ran')!r}, 'a').write({folder.name[0]!r})\n"
        f"    time.sleep({seconds})\n"
    )
    return folder


def test_the_slower_of_two_checkouts_is_reported_and_pairs_alternate_their_order(tmp_path: Path) -> None:
    here, other = checkout(tmp_path / "here", 0.2), checkout(tmp_path / "other", 0)
    summary = summarize(*pairs(here, other, tmp_path / "any.csv", tmp_path, 2))
    assert summary["pairs"] == 2
    assert summary["ratio"] > 1.5
    assert summary["here_wall"] > summary["other_wall"]
    assert (tmp_path / "ran").read_text() == "ohhooh"
