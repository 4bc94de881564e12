"""Correction drafts: edits of an upload that are not submitted yet, stored as a list of steps.

Each draft is one document, written with compare-and-set, so concurrent edits are never silently overwritten.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tillstream.model.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.ports.documents import Document, Update, update_document
from tillstream.workflows.corrections.drafts.edits import Edit

COLLECTION = "drafts"
MOST_STEPS = 5_000
MOST_BYTES = 800_000
"""Fits the document size limit of every store."""


class EditConflict(Conflict):
    """Another user changed the same cells after the version the user last loaded; `others` are those steps."""

    def __init__(self, others: list[Edit]) -> None:
        self.others = others
        who = ", ".join(dict.fromkeys(step.by for step in others))
        super().__init__(f"{who} changed the same rows. Check the current values, then decide again.")


@dataclass(frozen=True)
class Draft:
    batch: str
    version: int = 0
    """0 if the draft does not exist yet."""
    steps: tuple[Edit, ...] = ()
    closed: int = 0
    """Number of leading steps that were submitted in part; they can no longer be undone."""

    def mine(self, by: str, *, undone: bool) -> list[int]:
        """Return indexes of the user's own steps that can still be undone or, if `undone`, redone."""
        return [
            index
            for index, step in enumerate(self.steps)
            if index >= self.closed and step.by == by and step.undone == undone
        ]

    def since(self, version: int, by: str) -> list[Edit]:
        """Return steps that other users changed after that version."""
        return [step for step in self.steps if step.changed > version and step.by != by]

    def has_edits(self) -> bool:
        """Return True if any step is not undone."""
        return any(not step.undone for step in self.steps)

    def can_undo(self, by: str) -> bool:
        return bool(self.mine(by, undone=False))

    def can_redo(self, by: str) -> bool:
        return bool(_redoable(self, by))


def get(ports: Ports, batch: str) -> Draft:
    return _draft(batch, ports.documents.get(COLLECTION, batch))


def _draft(batch: str, document: Document | None) -> Draft:
    if document is None:
        return Draft(batch)
    steps = tuple(Edit.from_json(data) for data in document.data["steps"])
    return Draft(batch, document.version, steps, document.data["closed"])


def add_step(ports: Ports, batch: str, step: Edit, *, expected_version: int) -> Draft:
    """Add a step. expected_version: draft version last loaded. Raises `EditConflict`, `Rejected` (full)."""

    def added(draft: Draft) -> Draft:
        if step.key and any(one.key == step.key for one in draft.steps):
            return draft
        conflicts = [other for other in draft.since(expected_version, step.by) if _overlap(step, other)]
        if conflicts:
            raise EditConflict(conflicts)
        redoable = set(_redoable(draft, step.by))
        kept = tuple(one for n, one in enumerate(draft.steps) if n not in redoable)
        if len(kept) >= MOST_STEPS:
            raise Rejected("The draft is full. Submit the rows that are ready, then continue.")
        return replace(draft, steps=(*kept, replace(step, changed=draft.version + 1)))

    return _write(ports, batch, added)


def undo(ports: Ports, batch: str, by: str) -> Draft:
    """Undo the user's own last step; steps of others stay. Raises `Rejected` if there is none."""
    return _toggle_undone(ports, batch, lambda draft: draft.mine(by, undone=False)[-1:], "You have no changes to undo.")


def redo(ports: Ports, batch: str, by: str) -> Draft:
    return _toggle_undone(ports, batch, lambda draft: _redoable(draft, by)[:1], "You have no changes to redo.")


def close(ports: Ports, draft: Draft, *, keep: bool) -> Draft:
    """Make the steps permanent (keep=True) or drop them. Raises `Conflict` if the draft has changed since."""
    steps = tuple(step for step in draft.steps if not step.undone) if keep else ()
    closed = replace(draft, steps=steps, closed=len(steps))
    document = ports.documents.put(COLLECTION, draft.batch, _data(closed), if_version=draft.version)
    return replace(closed, version=document.version)


def _redoable(draft: Draft, by: str) -> list[int]:
    """Return indexes of the user's own steps undone after their last active step."""
    standing = draft.mine(by, undone=False)
    return [n for n in draft.mine(by, undone=True) if not standing or n > standing[-1]]


def _toggle_undone(ports: Ports, batch: str, which: Callable[[Draft], list[int]], message: str) -> Draft:
    def toggled(draft: Draft) -> Draft:
        indexes = which(draft)
        if not indexes:
            raise Rejected(message)
        steps = list(draft.steps)
        (index,) = indexes
        steps[index] = replace(steps[index], undone=not steps[index].undone, changed=draft.version + 1)
        return replace(draft, steps=tuple(steps))

    return _write(ports, batch, toggled)


def _overlap(one: Edit, other: Edit) -> bool:
    """Return True if both steps may affect the same cell; a step that selects its own rows may affect any."""
    if one.many or other.many:
        return True
    rows = {row for row, _, _ in one.cells} | set(one.rows)
    others = {row for row, _, _ in other.cells} | set(other.rows)
    if one.do == other.do == "set":
        return bool({(row, column) for row, column, _ in one.cells} & {(row, column) for row, column, _ in other.cells})
    return bool(rows & others)


def _write(ports: Ports, batch: str, change: Callable[[Draft], Draft]) -> Draft:
    def changed(document: Document | None) -> Update | Document | None:
        draft = _draft(batch, document)
        after = change(draft)
        return document if after is draft else Update(_data(after))

    return _draft(batch, update_document(ports.documents, COLLECTION, batch, changed))


def _data(draft: Draft) -> dict[str, Any]:
    steps = [step.to_json() for step in draft.steps]
    if _bytes(draft.steps) > MOST_BYTES:
        raise Rejected("The draft is full. Submit the rows that are ready, then continue.")
    return {"steps": steps, "closed": draft.closed}


def _bytes(steps: Iterable[Edit]) -> int:
    """Estimate the stored size."""
    return sum(
        120
        + len(step.text.encode())
        + len((step.value or "").encode())
        + 8 * len(step.rows)
        + sum(16 + len(text.encode()) for _, _, text in step.cells)
        for step in steps
    )
