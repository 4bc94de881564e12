"""Questions: entries that both sides changed since they last agreed, or that one side refuses. A person decides."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tillstream.goals.targets import GoalTarget
from tillstream.model.audit import AuditAction
from tillstream.model.errors import NotFound
from tillstream.ports import Ports
from tillstream.ports.documents import Put, put_in_groups
from tillstream.records import audit_log
from tillstream.sync import reference_entries, reference_kinds, sync_status
from tillstream.sync.reference_entries import AgreedEntry, ReferenceEntry

REFERENCE_QUESTIONS = "sync_questions"
MAX_PUTS = 400
"""Documents of one transaction; Firestore permits 500."""
KEEP_HERE, KEEP_THERE = "here", "head-office"
SIDES = (KEEP_HERE, KEEP_THERE)


@dataclass(frozen=True)
class ReferenceQuestion:
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


def open_questions(ports: Ports) -> list[ReferenceQuestion]:
    """All open questions, by group and key."""
    stored = [ReferenceQuestion(**json.loads(one.data["text"])) for one in ports.documents.find(REFERENCE_QUESTIONS)]
    return sorted(stored, key=lambda one: (one.group, one.key))


def count_questions(ports: Ports) -> int:
    return ports.documents.count(REFERENCE_QUESTIONS)


def replace_questions(ports: Ports, questions: Sequence[ReferenceQuestion]) -> None:
    """Store these questions, and remove all others. One that is the same keeps its time."""
    before = {one.id: one for one in open_questions(ports)}
    puts: list[Put] = []
    for question in questions:
        old = before.pop(question.id, None)
        if old is None or asdict(old) | {"at": ""} != asdict(question) | {"at": ""}:
            puts.append(Put(REFERENCE_QUESTIONS, question.id, {"text": json.dumps(asdict(question), sort_keys=True)}))
    put_in_groups(ports.documents, puts, MAX_PUTS)
    for question_id in before:
        ports.documents.delete(REFERENCE_QUESTIONS, question_id)


def decide_questions(ports: Ports, ids: Sequence[str], keep: str, by: str) -> int:
    """Decide questions: the next sync sends the entry of this home, or takes that of the head office.

    keep: `KEEP_HERE` or `KEEP_THERE`. Returns the number of decided questions. Raises `NotFound`.
    """
    by_id = {one.id: one for one in open_questions(ports)}
    if unknown := [one for one in ids if one not in by_id]:
        raise NotFound(f"There is no open question {unknown[0]}.")
    chosen = [by_id[one] for one in ids if by_id[one].is_choice]
    for question in chosen:
        other = question.there if keep == KEEP_HERE else question.here
        base = ReferenceEntry(question.group, question.key, other)
        reference_entries.note_agreed(ports, question.group, {question.key: AgreedEntry(base.digest, question.version)})
        subject = f"{question.group.partition(':')[0]} {question.key}"
        audit_log.record(ports, by, AuditAction.SYNC_DECIDED, subject, None, {"keep": keep})
        ports.documents.delete(REFERENCE_QUESTIONS, question.id)
    sync_status.note_reference(ports, "")
    return len(chosen)


def question_subject(question: ReferenceQuestion) -> str:
    """What a question is about, such as `Product P17 (Pen)` or `Exchange rate of USD on 2026-05-04`."""
    reference = ReferenceEntry(question.group, question.key, None)
    kind = question.group.partition(":")[0]
    if kind == reference_kinds.GOALS_KIND:
        target, measure = reference_kinds.key_of_goal(reference)
        return f"Goal of {reference_kinds.month_of_goal(reference)}: {measure} of {_target_text(target)}"
    if kind == reference_kinds.RATES_KIND:
        day, currency = reference_kinds.day_and_currency(question.key)
        return f"Exchange rate of {currency} on {day}"
    content = question.here or question.there or {}
    codes = (content.get(name, "") for name in ("region", "store_id", "salesperson_id", "promotion_id", "code"))
    names = [code for code in codes if code and code != "*"]
    name = content.get("name", "")
    return f"{kind.capitalize()} {' '.join(names)}{f' ({name})' if name else ''}"


def _target_text(target: GoalTarget) -> str:
    return ", ".join(target.filled.values())
