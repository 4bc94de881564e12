"""Correction drafts: edits of an upload that are not submitted yet, stored as compactly as they were entered.

Each draft is one document, written with compare-and-set, so concurrent edits are never silently overwritten.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.review.cell_interpretations import INTERPRETATIONS

MAX_CELLS = 20_000
"""Limit for one step, such as a pasted block."""
MAX_CELL_LENGTH = 10_000
"""Maximum characters of a cell or search text."""
MAX_REASON_LENGTH = 500

EditedCell = tuple[int, int, str]
"""row number, column, text"""
EDIT_ACTIONS = frozenset({"set", "put", "read", "replace", "accept", "discard", "revert"})

_FIELD_TYPES = {"do": str, "code": str, "value": str, "text": str, "how": str, "key": str, "column": int, "off": bool}

DRAFTS_COLLECTION = "drafts"
MAX_STEPS = 5_000
MAX_DRAFT_BYTES = 800_000
"""Fits the document size limit of every store."""


@dataclass(frozen=True)
class DraftEdit:
    """One edit; `do` selects the action and the fields it uses.

    set: write `cells`. put: write `text` into every cell of `column` that has the problem `code` and equals `value`.
    read: reinterpret the cells that have the problem with the interpretation `how`. replace: replace every `value`
    within cells of `column` (all columns if None) by `text`. accept, discard (with the reason `text`) and revert (to
    the source): apply to `rows`, or, if empty, to rows with the problem `code` in `column` whose cell equals `value`
    if set; `off` cancels an accept or discard.
    """

    do: str
    cells: tuple[EditedCell, ...] = ()
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

    def to_json(self) -> JsonObject:
        """Return the fields that differ from their defaults."""
        return {name: value for name, value in asdict(self).items() if value not in (EMPTY_FIELDS[name], [])}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "DraftEdit":
        values = dict(data)
        values["cells"] = tuple((row, column, text) for row, column, text in values.get("cells", ()))
        values["rows"] = tuple(values.get("rows", ()))
        return cls(**values)


EMPTY_FIELDS = {field.name: field.default for field in fields(DraftEdit)}

_NEEDS: tuple[tuple[tuple[str, ...], Callable[[DraftEdit], object], str], ...] = (
    (("set",), lambda step: step.cells, "No cell is given."),
    (("put", "read"), lambda step: step.code and step.column is not None, "Enter the column and the problem."),
    (("read",), lambda step: step.how in INTERPRETATIONS, "There is no such interpretation."),
    (("replace",), lambda step: step.value, "Enter the text to find."),
    (("accept", "discard", "revert"), lambda step: step.rows or step.code, "No row is given."),
    (
        ("discard",),
        lambda step: step.off or step.text.strip(),
        "Enter the reason for discarding the row; it is stored with the row.",
    ),
)
"""Actions, what they need, and the message if it is missing."""


def parse_edit(data: Any, width: int) -> DraftEdit:
    """Parse a step sent by a browser. width: number of columns of the file. Raises `Rejected`."""
    if not isinstance(data, dict) or data.get("do") not in EDIT_ACTIONS:
        raise Rejected("Choose an action for the rows.")
    values = {name: data[name] for name in _FIELD_TYPES if data.get(name) is not None}
    for name, value in values.items():
        if type(value) is not _FIELD_TYPES[name]:
            raise Rejected(f"{name} cannot be read.")
    column = values.get("column")
    if column is not None and not -1 <= column < width:
        raise Rejected(f"The file has no column {column}.")
    step = DraftEdit(**values, rows=_parse_rows(data.get("rows", [])), cells=_parse_cells(data.get("cells", []), width))
    _check_complete(step)
    return step


def _check_complete(step: DraftEdit) -> None:
    for actions, need, message in _NEEDS:
        if step.do in actions and not need(step):
            raise Rejected(message)
    longest = MAX_REASON_LENGTH if step.do == "discard" else MAX_CELL_LENGTH
    if len(step.key) > 40 or len(step.text) > longest or len(step.value or "") > MAX_CELL_LENGTH:
        raise Rejected(f"The text is too long; at most {longest:,} characters are stored.")


def _parse_rows(rows: Any) -> tuple[int, ...]:
    if not isinstance(rows, list) or len(rows) > MAX_CELLS or not all(type(row) is int for row in rows):
        raise Rejected(f"Rows must be given by their numbers, at most {MAX_CELLS:,} at once.")
    return tuple(rows)


def _parse_cells(cells: Any, width: int) -> tuple[EditedCell, ...]:
    if not isinstance(cells, list) or len(cells) > MAX_CELLS:
        raise Rejected(f"At most {MAX_CELLS:,} cells can be changed at once.")
    return tuple(_parse_cell(one, width) for one in cells)


def _parse_cell(cell: Any, width: int) -> EditedCell:
    match cell:
        case [int(row), int(column), str(text)] if 0 <= column < width and len(text) <= MAX_CELL_LENGTH:
            return row, column, text.replace("\0", "")
    raise Rejected("A cell must be given with its row, column and text.")


class DraftConflict(Conflict):
    """Another user changed the same cells after the version the user last loaded; `others` are those steps."""

    def __init__(self, others: list[DraftEdit]) -> None:
        self.others = others
        who = ", ".join(dict.fromkeys(step.by for step in others))
        super().__init__(f"{who} changed the same rows. Check the current values, then decide again.")


@dataclass(frozen=True)
class CorrectionDraft:
    batch: str
    version: int = 0
    """0 if the draft does not exist yet."""
    steps: tuple[DraftEdit, ...] = ()
    closed: int = 0
    """Number of leading steps that were submitted in part; they can no longer be undone."""

    def mine(self, by: str, *, undone: bool) -> list[int]:
        """Return indexes of the user's own steps that can still be undone or, if `undone`, redone."""
        return [
            index
            for index, step in enumerate(self.steps)
            if index >= self.closed and step.by == by and step.undone == undone
        ]

    def since(self, version: int, by: str) -> list[DraftEdit]:
        """Return steps that other users changed after that version."""
        return [step for step in self.steps if step.changed > version and step.by != by]

    def has_edits(self) -> bool:
        """Return True if any step is not undone."""
        return any(not step.undone for step in self.steps)

    def can_undo(self, by: str) -> bool:
        return bool(self.mine(by, undone=False))

    def can_redo(self, by: str) -> bool:
        return bool(_redoable(self, by))


def get_draft(ports: Ports, batch: str) -> CorrectionDraft:
    return _draft_of_document(batch, ports.documents.get(DRAFTS_COLLECTION, batch))


def _draft_of_document(batch: str, document: Document | None) -> CorrectionDraft:
    if document is None:
        return CorrectionDraft(batch)
    steps = tuple(DraftEdit.from_json(data) for data in document.data["steps"])
    return CorrectionDraft(batch, document.version, steps, document.data["closed"])


def add_draft_step(ports: Ports, batch: str, step: DraftEdit, *, expected_version: int) -> CorrectionDraft:
    """Add a step. expected_version: draft version last loaded. Raises `DraftConflict`, `Rejected` (full)."""

    def added(draft: CorrectionDraft) -> CorrectionDraft:
        if step.key and any(one.key == step.key for one in draft.steps):
            return draft
        conflicts = [other for other in draft.since(expected_version, step.by) if _steps_overlap(step, other)]
        if conflicts:
            raise DraftConflict(conflicts)
        redoable = set(_redoable(draft, step.by))
        kept = tuple(one for n, one in enumerate(draft.steps) if n not in redoable)
        if len(kept) >= MAX_STEPS:
            raise Rejected("The draft is full. Submit the rows that are ready, then continue.")
        return replace(draft, steps=(*kept, replace(step, changed=draft.version + 1)))

    return _write_draft(ports, batch, added)


def undo_draft_step(ports: Ports, batch: str, by: str) -> CorrectionDraft:
    """Undo the user's own last step; steps of others stay. Raises `Rejected` if there is none."""
    return _toggle_undone(ports, batch, lambda draft: draft.mine(by, undone=False)[-1:], "You have no changes to undo.")


def redo_draft_step(ports: Ports, batch: str, by: str) -> CorrectionDraft:
    return _toggle_undone(ports, batch, lambda draft: _redoable(draft, by)[:1], "You have no changes to redo.")


def close_draft(ports: Ports, draft: CorrectionDraft, *, keep: bool) -> CorrectionDraft:
    """Make the steps permanent (keep=True) or drop them. Raises `Conflict` if the draft has changed since."""
    steps = tuple(step for step in draft.steps if not step.undone) if keep else ()
    closed = replace(draft, steps=steps, closed=len(steps))
    document = ports.documents.put(DRAFTS_COLLECTION, draft.batch, _draft_data(closed), if_version=draft.version)
    return replace(closed, version=document.version)


def _redoable(draft: CorrectionDraft, by: str) -> list[int]:
    """Return indexes of the user's own steps undone after their last active step."""
    standing = draft.mine(by, undone=False)
    return [n for n in draft.mine(by, undone=True) if not standing or n > standing[-1]]


def _toggle_undone(
    ports: Ports, batch: str, which: Callable[[CorrectionDraft], list[int]], message: str
) -> CorrectionDraft:
    def toggled(draft: CorrectionDraft) -> CorrectionDraft:
        indexes = which(draft)
        if not indexes:
            raise Rejected(message)
        steps = list(draft.steps)
        (index,) = indexes
        steps[index] = replace(steps[index], undone=not steps[index].undone, changed=draft.version + 1)
        return replace(draft, steps=tuple(steps))

    return _write_draft(ports, batch, toggled)


def _steps_overlap(one: DraftEdit, other: DraftEdit) -> bool:
    """Return True if both steps may affect the same cell; a step that selects its own rows may affect any."""
    if one.many or other.many:
        return True
    rows = {row for row, _, _ in one.cells} | set(one.rows)
    others = {row for row, _, _ in other.cells} | set(other.rows)
    if one.do == other.do == "set":
        return bool({(row, column) for row, column, _ in one.cells} & {(row, column) for row, column, _ in other.cells})
    return bool(rows & others)


def _write_draft(ports: Ports, batch: str, change: Callable[[CorrectionDraft], CorrectionDraft]) -> CorrectionDraft:
    def changed(document: Document | None) -> Update | Document | None:
        draft = _draft_of_document(batch, document)
        after = change(draft)
        return document if after is draft else Update(_draft_data(after))

    return _draft_of_document(batch, update_document(ports.documents, DRAFTS_COLLECTION, batch, changed))


def _draft_data(draft: CorrectionDraft) -> JsonObject:
    steps = [step.to_json() for step in draft.steps]
    if _estimated_bytes(draft.steps) > MAX_DRAFT_BYTES:
        raise Rejected("The draft is full. Submit the rows that are ready, then continue.")
    return {"steps": steps, "closed": draft.closed}


def _estimated_bytes(steps: Iterable[DraftEdit]) -> int:
    """Estimate the stored size."""
    return sum(
        120
        + len(step.text.encode())
        + len((step.value or "").encode())
        + 8 * len(step.rows)
        + sum(16 + len(text.encode()) for _, _, text in step.cells)
        for step in steps
    )
