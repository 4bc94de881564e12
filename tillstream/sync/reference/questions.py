"""Questions: entries that both sides changed since they last agreed, or that one side refuses. A person decides."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Put, put_in_groups
from tillstream.records import audit_log
from tillstream.sync import status
from tillstream.sync.reference import agreed
from tillstream.sync.reference.agreed import Agreed
from tillstream.sync.reference.entries import Reference

COLLECTION = "sync_questions"
MOST_PUTS = 400
"""Documents of one transaction; Firestore permits 500."""
HERE, THERE = "here", "head-office"
BOTH = (HERE, THERE)


@dataclass(frozen=True)
class Question:
    """here, there: the entry of this home and that of the head office, as JSON; None: none.

    why: words if one of the sides refuses the entry of the other; such a question ends when the entry is corrected.
    """

    group: str
    key: str
    here: Mapping[str, Any] | None
    there: Mapping[str, Any] | None
    version: int
    """Of the entry of the head office."""
    at: str
    why: str = ""

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.group} {self.key}".encode()).hexdigest()[:16]

    @property
    def is_choice(self) -> bool:
        return not self.why

    @property
    def fields(self) -> list[str]:
        """The fields that differ; the versions are left out, because they follow from these."""
        here, there = self.here or {}, self.there or {}
        return [name for name in {**here, **there} if name != "versions" and here.get(name) != there.get(name)]


def every(ports: Ports) -> list[Question]:
    """All open questions, by group and key."""
    stored = [Question(**json.loads(one.data["text"])) for one in ports.documents.find(COLLECTION)]
    return sorted(stored, key=lambda one: (one.group, one.key))


def count(ports: Ports) -> int:
    return ports.documents.count(COLLECTION)


def replace_all(ports: Ports, questions: Sequence[Question]) -> None:
    """Store these questions, and remove all others. One that is the same keeps its time."""
    before = {one.id: one for one in every(ports)}
    puts: list[Put] = []
    for question in questions:
        old = before.pop(question.id, None)
        if old is None or asdict(old) | {"at": ""} != asdict(question) | {"at": ""}:
            puts.append(Put(COLLECTION, question.id, {"text": json.dumps(asdict(question), sort_keys=True)}))
    put_in_groups(ports.documents, puts, MOST_PUTS)
    for question_id in before:
        ports.documents.delete(COLLECTION, question_id)


def decide(ports: Ports, ids: Sequence[str], keep: str, by: str) -> int:
    """Decide questions: the next sync sends the entry of this home, or takes that of the head office.

    keep: `HERE` or `THERE`. Returns the number of decided questions. Raises `NotFound`.
    """
    by_id = {one.id: one for one in every(ports)}
    if unknown := [one for one in ids if one not in by_id]:
        raise NotFound(f"There is no open question {unknown[0]}.")
    chosen = [by_id[one] for one in ids if by_id[one].is_choice]
    for question in chosen:
        other = question.there if keep == HERE else question.here
        base = Reference(question.group, question.key, other)
        agreed.note(ports, question.group, {question.key: Agreed(base.digest, question.version)})
        subject = f"{question.group.partition(':')[0]} {question.key}"
        audit_log.record(ports, by, AuditAction.SYNC_DECIDED, subject, None, {"keep": keep})
        ports.documents.delete(COLLECTION, question.id)
    status.note_reference(ports, "")
    return len(chosen)
