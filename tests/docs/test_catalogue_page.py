"""The page of the catalogue lists every problem and every kind of file."""

from pathlib import Path

from tillstream.catalogue.file_export import FileKind
from tillstream.model.catalogue_columns import ENTRY_PROBLEMS

PAGE = (Path(__file__).resolve().parents[2] / "docs/catalogue.md").read_text(encoding="utf-8")


def test_every_problem_is_on_the_page_with_its_remedy() -> None:
    for code, (_, remedy) in ENTRY_PROBLEMS.items():
        row = next((line for line in PAGE.splitlines() if line.startswith(f"| `{code}` |")), "")
        assert remedy in row, code


def test_every_kind_of_file_is_on_the_page() -> None:
    assert [kind for kind in FileKind if f"`{kind}`" not in PAGE] == []
