"""The table of permissions on the page about people is that of the code, cell by cell."""

from pathlib import Path

from tillstream.model.permissions import PERMISSIONS, Action, Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "people.md"
NO = "–"


def _table() -> list[list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("| permission |"))
    rows = lines[first : lines.index("", first)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if not row.startswith("| ---")]


def test_each_action_has_its_row_with_what_each_role_may() -> None:
    (_, *roles), *rows = _table()
    assert roles == [role.value for role in Role]
    assert sorted(row[0] for row in rows) == sorted(action.value for action in Action)
    for name, *cells in rows:
        assert cells == ["yes" if Action(name) in PERMISSIONS[Role(role)] else NO for role in roles], name
