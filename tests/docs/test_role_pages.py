"""Each role has a page about its daily tasks, with pictures that tests take."""

import re
from pathlib import Path

import pytest

from docs.generate import pictures
from portal.menu import AREAS
from tillstream.model.permissions import Role

DOCS = Path(__file__).resolve().parents[2] / "docs"
LARGEST, ALL_TOGETHER = 120_000, 6_000_000
TAKEN = re.compile(r'^    "([a-z-]+)": \(Role\.', re.MULTILINE)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_finds_a_page_about_its_morning_with_a_picture(role: Role) -> None:
    page = (DOCS / "roles" / f"{role.value}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# Daily tasks: {role.value}\n")
    assert f"pictures/{role.value}-morning.webp" in page
    assert re.search(r"!\[[^\]]{8,}\]\(", page), "a picture says in words what it shows"


def test_every_picture_is_taken_by_a_test_and_shown_to_a_role() -> None:
    taken = set(
        TAKEN.findall((DOCS.parent / "tests" / "browser" / "pictures" / "test_pictures.py").read_text(encoding="utf-8"))
    )
    kept = {path.stem for path in (DOCS / "pictures").glob("*.webp")}
    shown = {
        name
        for page in (DOCS / "roles").glob("*.md")
        for name in re.findall(r"pictures/([a-z-]+)\.webp", page.read_text(encoding="utf-8"))
    }
    assert taken == kept == shown


def test_no_picture_is_heavy() -> None:
    for path in (DOCS / "pictures").glob("*.webp"):
        assert path.stat().st_size <= LARGEST, path.name
    assert sum(path.stat().st_size for path in (DOCS / "pictures").rglob("*.*")) <= ALL_TOGETHER


def test_every_area_of_the_navigation_has_its_pictures_and_no_other_is_kept() -> None:
    listed = set(re.findall(r"pictures/pages/([a-z-]+\.webp)", (DOCS / "pictures.md").read_text(encoding="utf-8")))
    areas = {area.endpoint for area in AREAS} - {pictures.DEVELOPMENT}
    assert {picture.area.endpoint for picture in pictures.pictures()} == areas
    assert listed == {picture.name for picture in pictures.pictures()}
    assert listed == {path.name for path in (DOCS / "pictures" / "pages").iterdir()}
