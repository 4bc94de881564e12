"""Edits made in the grid, stored as compactly as they were entered; a draft is a list of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tillstream.model.errors import Rejected
from tillstream.workflows.corrections.drafts.interpretations import INTERPRETATIONS

MOST_CELLS = 20_000
"""Limit for one step, such as a pasted block."""
LONGEST = 10_000
"""Maximum characters of a cell or search text."""
REASON = 500

Cell = tuple[int, int, str]
"""row number, column, text"""
ACTIONS = frozenset({"set", "put", "read", "replace", "accept", "discard", "revert"})


@dataclass(frozen=True)
class Edit:
    """One edit; `do` selects the action and the fields it uses.

    set: write `cells`. put: write `text` into every cell of `column` that has the problem `code` and equals `value`.
    read: reinterpret the cells that have the problem with the interpretation `how`. replace: replace every `value`
    within cells of `column` (all columns if None) by `text`. accept, discard (with the reason `text`) and revert (to
    the source): apply to `rows`, or, if empty, to rows with the problem `code` in `column` whose cell equals `value`
    if set; `off` cancels an accept or discard.
    """

    do: str
    cells: tuple[Cell, ...] = ()
    rows: tuple[int, ...] = ()
    code: str = ""
    column: int | None = None
    value: str | None = None
    text: str = ""
    how: str = ""
    off: bool = False
    by: str = ""
    at: str = ""
    seen: int = 0
    """Number of the last correction when the edit was made; rows rejected again since then are not matched."""
    changed: int = 0
    """Draft version that added the step or last toggled `undone`."""
    undone: bool = False
    key: str = ""
    """Idempotency key of the browser: a step sent again after a lost response is applied once."""

    @property
    def many(self) -> bool:
        """True if the step selects its rows by a condition."""
        return self.do in ("put", "read", "replace") or (self.do != "set" and not self.rows)

    def to_json(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults."""
        return {name: value for name, value in asdict(self).items() if value not in (EMPTY[name], [])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Edit":
        values = dict(data)
        values["cells"] = tuple((row, column, text) for row, column, text in values.get("cells", ()))
        values["rows"] = tuple(values.get("rows", ()))
        return cls(**values)


EMPTY = {field.name: field.default for field in fields(Edit)}
_FIELD_TYPES = {"do": str, "code": str, "value": str, "text": str, "how": str, "key": str, "column": int, "off": bool}


def parse_edit(data: Any, width: int) -> Edit:
    """Parse a step sent by a browser. width: number of columns of the file. Raises `Rejected`."""
    if not isinstance(data, dict) or data.get("do") not in ACTIONS:
        raise Rejected("Choose an action for the rows.")
    values = {name: data[name] for name in _FIELD_TYPES if data.get(name) is not None}
    for name, value in values.items():
        if type(value) is not _FIELD_TYPES[name]:
            raise Rejected(f"{name} cannot be read.")
    column = values.get("column")
    if column is not None and not -1 <= column < width:
        raise Rejected(f"The file has no column {column}.")
    step = Edit(**values, rows=_rows(data.get("rows", [])), cells=_cells(data.get("cells", []), width))
    _check_complete(step)
    return step


def _check_complete(step: Edit) -> None:
    if step.do == "set" and not step.cells:
        raise Rejected("No cell is given.")
    if step.do in ("put", "read") and (not step.code or step.column is None):
        raise Rejected("Enter the column and the problem.")
    if step.do == "read" and step.how not in INTERPRETATIONS:
        raise Rejected("There is no such interpretation.")
    if step.do == "replace" and not step.value:
        raise Rejected("Enter the text to find.")
    if step.do in ("accept", "discard", "revert") and not (step.rows or step.code):
        raise Rejected("No row is given.")
    if step.do == "discard" and not step.off and not step.text.strip():
        raise Rejected("Enter the reason for discarding the row; it is stored with the row.")
    longest = REASON if step.do == "discard" else LONGEST
    if len(step.key) > 40 or len(step.text) > longest or len(step.value or "") > LONGEST:
        raise Rejected(f"The text is too long; at most {longest:,} characters are stored.")


def _rows(rows: Any) -> tuple[int, ...]:
    if not isinstance(rows, list) or len(rows) > MOST_CELLS or not all(type(row) is int for row in rows):
        raise Rejected(f"Rows must be given by their numbers, at most {MOST_CELLS:,} at once.")
    return tuple(rows)


def _cells(cells: Any, width: int) -> tuple[Cell, ...]:
    if not isinstance(cells, list) or len(cells) > MOST_CELLS:
        raise Rejected(f"At most {MOST_CELLS:,} cells can be changed at once.")
    return tuple(_cell(one, width) for one in cells)


def _cell(cell: Any, width: int) -> Cell:
    match cell:
        case [int(row), int(column), str(text)] if 0 <= column < width and len(text) <= LONGEST:
            return row, column, text.replace("\0", "")
    raise Rejected("A cell must be given with its row, column and text.")
