"""Tours, word for word: the commands of a page are run in an empty home and must print what it shows."""

import sys
from pathlib import Path

import pytest
from docs.pages.tours import matches, walk

ROOT = Path(__file__).resolve().parents[2]
TOURS = ("README.md", "docs/add-a-region.md")


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("ab", "ab", True),
        ("ab", "abc", False),
        ("a…", "abc", True),
        ("…c", "abc", True),
        ("…b", "abc", False),
        ("a…c", "abbc", True),
        ("a…b…d", "axbycd", True),
        ("a…c…b…d", "axbycd", False),
        ("…", "", True),
        ("a…a", "a", False),
    ],
)
def test_an_ellipsis_matches_any_lines(shown: str, printed: str, fits: bool) -> None:
    assert matches(list(shown), list(printed)) is fits


@pytest.mark.skipif(sys.platform == "win32", reason="the tour is written for a POSIX shell")
@pytest.mark.parametrize("page", TOURS)
def test_a_tour_prints_what_its_page_shows(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    walk(text, tmp_path, {"TILLSTREAM_HOME": str(tmp_path / "home")})
