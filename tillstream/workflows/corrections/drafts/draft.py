"""What people typed and have not given back yet, one draft for each upload, kept as its steps.

A draft is one document. Whoever writes it has read its present version, so nobody overwrites another in silence.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from tillstream.domain.errors import Conflict, Rejected
from tillstream.ports import Ports
from tillstream.workflows.corrections.drafts.edits import Step

COLLECTION = "drafts"
MOST_STEPS = 5_000
MOST_BYTES = 800_000
"""A document of every store has room for so much."""


class Clash(Conflict):
    """Somebody else changed what this step changes, after the person last looked; `others` are those steps."""

    def __init__(self, others: list[Step]) -> None:
        self.others = others
        who = ", ".join(dict.fromkeys(step.by for step in others))
        super().__init__(f"{who} changed the same rows meanwhile. Look at what stands there now, then decide anew.")


@dataclass(frozen=True)
class Draft:
    batch: str
    version: int = 0
    """0: nobody has typed anything."""
    steps: tuple[Step, ...] = ()
    closed: int = 0
    """How many of the first steps were given back in part; they are not taken back any more."""

    def mine(self, by: str, *, undone: bool) -> list[int]:
        """Places of the person's own steps that may be taken back, or done again."""
        return [n for n, step in enumerate(self.steps) if n >= self.closed and step.by == by and step.undone == undone]

    def since(self, version: int, by: str) -> list[Step]:
        """What others did after that version."""
        return [step for step in self.steps if step.changed > version and step.by != by]

    def standing(self) -> bool:
        """Whether anything was typed that was not taken back."""
        return any(not step.undone for step in self.steps)

    def can_undo(self, by: str) -> bool:
        return bool(self.mine(by, undone=False))

    def can_redo(self, by: str) -> bool:
        return bool(_again(self, by))


def get(ports: Ports, batch: str) -> Draft:
    document = ports.documents.get(COLLECTION, batch)
    if document is None:
        return Draft(batch)
    steps = tuple(Step.from_json(data) for data in document.data["steps"])
    return Draft(batch, document.version, steps, document.data["closed"])


def take(ports: Ports, batch: str, step: Step, *, looked_at: int) -> Draft:
    """Add a step. looked_at: the version that the person saw. Raises `Clash`, `Rejected` for a draft that is full."""

    def added(draft: Draft) -> Draft:
        if step.key and any(one.key == step.key for one in draft.steps):
            return draft
        clashing = [other for other in draft.since(looked_at, step.by) if _overlap(step, other)]
        if clashing:
            raise Clash(clashing)
        forgotten = set(_again(draft, step.by))
        kept = tuple(one for n, one in enumerate(draft.steps) if n not in forgotten)
        if len(kept) >= MOST_STEPS:
            raise Rejected("The draft is full. Save and replay what is ready, then go on.")
        return replace(draft, steps=(*kept, replace(step, changed=draft.version + 1)))

    return _write(ports, batch, added)


def undo(ports: Ports, batch: str, by: str) -> Draft:
    """Take back the person's own last step; what others did stays. Raises `Rejected` where there is none."""
    return _turn(ports, batch, lambda draft: draft.mine(by, undone=False)[-1:], "There is nothing of yours to undo.")


def redo(ports: Ports, batch: str, by: str) -> Draft:
    return _turn(ports, batch, lambda draft: _again(draft, by)[:1], "There is nothing of yours to do again.")


def close(ports: Ports, draft: Draft, *, keep: bool) -> Draft:
    """The steps are not taken back any more, or are dropped. Raises `Conflict` where the draft is another by now."""
    steps = tuple(step for step in draft.steps if not step.undone) if keep else ()
    closed = replace(draft, steps=steps, closed=len(steps))
    document = ports.documents.put(COLLECTION, draft.batch, _data(closed), if_version=draft.version)
    return replace(closed, version=document.version)


def _again(draft: Draft, by: str) -> list[int]:
    """The person's own steps that were taken back after the last one that stands."""
    standing = draft.mine(by, undone=False)
    return [n for n in draft.mine(by, undone=True) if not standing or n > standing[-1]]


def _turn(ports: Ports, batch: str, which: Callable[[Draft], list[int]], nothing: str) -> Draft:
    def turned(draft: Draft) -> Draft:
        places = which(draft)
        if not places:
            raise Rejected(nothing)
        steps = list(draft.steps)
        (place,) = places
        steps[place] = replace(steps[place], undone=not steps[place].undone, changed=draft.version + 1)
        return replace(draft, steps=tuple(steps))

    return _write(ports, batch, turned)


def _overlap(one: Step, other: Step) -> bool:
    """Whether they may speak of the same cell. What looks for its rows itself may find any."""
    if one.many or other.many:
        return True
    rows = {row for row, _, _ in one.cells} | set(one.rows)
    others = {row for row, _, _ in other.cells} | set(other.rows)
    if one.do == other.do == "set":
        return bool({(row, column) for row, column, _ in one.cells} & {(row, column) for row, column, _ in other.cells})
    return bool(rows & others)


def _write(ports: Ports, batch: str, change: Callable[[Draft], Draft]) -> Draft:
    while True:
        draft = get(ports, batch)
        changed = change(draft)
        if changed is draft:
            return draft
        try:
            document = ports.documents.put(COLLECTION, batch, _data(changed), if_version=draft.version)
        except Conflict:
            continue
        return replace(changed, version=document.version)


def _data(draft: Draft) -> dict[str, Any]:
    steps = [step.to_json() for step in draft.steps]
    if _bytes(draft.steps) > MOST_BYTES:
        raise Rejected("The draft is full. Save and replay what is ready, then go on.")
    return {"steps": steps, "closed": draft.closed}


def _bytes(steps: Iterable[Step]) -> int:
    """Roughly, as it is kept."""
    return sum(
        120
        + len(step.text.encode())
        + len((step.value or "").encode())
        + 8 * len(step.rows)
        + sum(16 + len(text.encode()) for _, _, text in step.cells)
        for step in steps
    )
