"""What a person did in the grid, step by step, as small as it was said; a draft is a list of these."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from tillstream.domain.errors import Rejected
from tillstream.workflows.corrections.drafts.interpretations import READINGS

MOST_CELLS = 20_000
"""Of one step: a block that was pasted."""
LONGEST = 10_000
"""Letters of a cell, and of a text to find."""
REASON = 500

Cell = tuple[int, int, str]
"""row number, column, text"""
DEEDS = frozenset({"set", "put", "read", "replace", "accept", "discard", "revert"})


@dataclass(frozen=True)
class Step:
    """`do` says which of the other fields count.

    set: `cells`. put: `text` into every cell of `column` that has the problem `code` and is `value`. read: those that
    have the problem, in the way that `how` names. replace: every `value` within cells of `column` (all without one) by
    `text`. accept, discard (with the reason `text`) and revert (as the source wrote it): the rows `rows`, or, without
    any, those with the problem `code` in `column`, and there `value` where one is given; `off` takes it back.
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
    """The last correction when it was done: rows refused again since are other rows."""
    changed: int = 0
    """The version of the draft that brought it, or last took it back."""
    undone: bool = False
    key: str = ""
    """Of the browser's own: the same step sent again, as its answer was lost, is taken once."""

    @property
    def many(self) -> bool:
        """Whether it looks for its rows itself."""
        return self.do in ("put", "read", "replace") or (self.do != "set" and not self.rows)

    def to_json(self) -> dict[str, Any]:
        """Only what is said."""
        return {name: value for name, value in asdict(self).items() if value not in (EMPTY[name], [])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Step":
        given = dict(data)
        given["cells"] = tuple((row, column, text) for row, column, text in given.get("cells", ()))
        given["rows"] = tuple(given.get("rows", ()))
        return cls(**given)


EMPTY = {field.name: field.default for field in fields(Step)}
_GIVEN = {"do": str, "code": str, "value": str, "text": str, "how": str, "key": str, "column": int, "off": bool}


def asked(data: Any, width: int) -> Step:
    """A step as a browser asks for it, of a file with so many columns. Raises `Rejected`."""
    if not isinstance(data, dict) or data.get("do") not in DEEDS:
        raise Rejected("Say what is to be done with the rows.")
    given = {name: data[name] for name in _GIVEN if data.get(name) is not None}
    for name, value in given.items():
        if type(value) is not _GIVEN[name]:
            raise Rejected(f"{name} cannot be read.")
    column = given.get("column")
    if column is not None and not -1 <= column < width:
        raise Rejected(f"The file has no column {column}.")
    step = Step(**given, rows=_rows(data.get("rows", [])), cells=_cells(data.get("cells", []), width))
    _sensible(step)
    return step


def _sensible(step: Step) -> None:
    if step.do == "set" and not step.cells:
        raise Rejected("No cell is named.")
    if step.do in ("put", "read") and (not step.code or step.column is None):
        raise Rejected("Name the column and the problem.")
    if step.do == "read" and step.how not in READINGS:
        raise Rejected("There is no such reading.")
    if step.do == "replace" and not step.value:
        raise Rejected("Say what is to be found.")
    if step.do in ("accept", "discard", "revert") and not (step.rows or step.code):
        raise Rejected("No row is named.")
    if step.do == "discard" and not step.off and not step.text.strip():
        raise Rejected("Say why the row is discarded; the reason stays with it.")
    longest = REASON if step.do == "discard" else LONGEST
    if len(step.key) > 40 or len(step.text) > longest or len(step.value or "") > LONGEST:
        raise Rejected(f"That is too long; at most {longest:,} letters are kept.")


def _rows(given: Any) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) > MOST_CELLS or not all(type(row) is int for row in given):
        raise Rejected(f"Rows are named by their numbers, at most {MOST_CELLS:,} at once.")
    return tuple(given)


def _cells(given: Any, width: int) -> tuple[Cell, ...]:
    if not isinstance(given, list) or len(given) > MOST_CELLS:
        raise Rejected(f"At most {MOST_CELLS:,} cells are changed at once.")
    return tuple(_cell(one, width) for one in given)


def _cell(given: Any, width: int) -> Cell:
    match given:
        case [int(row), int(column), str(text)] if 0 <= column < width and len(text) <= LONGEST:
            return row, column, text.replace("\0", "")
    raise Rejected("A cell is named by its row, its column and its text.")
