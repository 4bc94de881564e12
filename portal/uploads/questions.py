"""The uploads area's questions about a file: asked with its own values, answered on a page, made a contract of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO
from zoneinfo import available_timezones

from flask import request

from portal.context import me, ports, scope, tillstream
from portal.uploads import preview_text
from tillstream.detection.answers import check
from tillstream.detection.columns.roles import NONE
from tillstream.detection.evidence import Question
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected
from tillstream.domain.file_names import stem
from tillstream.workflows.intake import resumable_upload
from tillstream.workflows.onboarding import answer_examples, questionnaire

FIELD, BECOMES = "answer.", "becomes."
Opened = Callable[[], BinaryIO]


@dataclass(frozen=True)
class Choice:
    value: str
    words: str
    examples: tuple[str, ...]
    chosen: bool


@dataclass(frozen=True)
class Posed:
    """One question as the page asks it."""

    question: Question
    words: str
    hint: str
    answer: str | None
    choices: tuple[Choice, ...]
    rows: list[tuple[int, list[tuple[str, str]]]]
    known: tuple[str, ...]
    """What may be typed in."""


@dataclass(frozen=True)
class Asking:
    asked: questionnaire.Asked
    posed: tuple[Posed, ...]
    name: str
    open: int

    @property
    def contract(self) -> Contract | None:
        return self.asked.contract


def about(file: str, opened: Opened, answers: Mapping[str, str]) -> Asking:
    """What is open, what was answered, and the contract once nothing is open. Raises `Rejected`."""
    name = name_of(file)
    found = questionnaire.ask(opened, name, answers, tillstream().book.all().values())
    return posed(opened, found, questionnaire.all_questions(opened, name, answers, found), name)


def posed(opened: Opened, found: questionnaire.Asked, pairs: list[tuple[Question, str | None]], name: str) -> Asking:
    """The questions as the page asks them."""
    return Asking(found, tuple(_posed(opened, found, *one) for one in pairs), name, len(found.questions))


def _posed(opened: Opened, found: questionnaire.Asked, question: Question, said: str | None) -> Posed:
    values = answer_examples.examples(opened, found, question)
    choices = tuple(
        Choice(one, preview_text.choice(question, one), values.get(one, ()), one == said) for one in question.choices
    )
    rows = answer_examples.rows_of(found.looked, question.lines)
    return Posed(
        question, preview_text.asks(question), preview_text.hint(question), said, choices, rows, _known(question.key)
    )


def _known(key: str) -> tuple[str, ...]:
    if key == "region":
        own = scope().regions
        return own if own is not None else tuple(tillstream().book.regions())
    if key == "time_zone":
        return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
    if key == "currency":
        return tuple(sorted({one.currency for one in tillstream().book.all().values() if one.currency}))
    return tuple(sorted({one.country for one in tillstream().book.all().values()} - {""})) if key == "country" else ()


def given(before: Mapping[str, str], columns: Mapping[str, str]) -> dict[str, str]:
    """What the form says, on top of what was said before; an emptied field takes its answer back. Raises `Rejected`.

    columns: column of a sale line → header, as they are understood so far.
    """
    found = dict(before) | _moved(columns)
    for name, said in request.form.items():
        if name.startswith(FIELD):
            found.pop(name.removeprefix(FIELD), None)
            if said.strip():
                found[name.removeprefix(FIELD)] = said.strip()[:200]
    check(found)
    return found


def _moved(columns: Mapping[str, str]) -> dict[str, str]:
    """The answers that make headers become what the form says they are."""
    now = {header: role for role, header in columns.items()}
    wanted = {name.removeprefix(BECOMES): said for name, said in request.form.items() if name.startswith(BECOMES)}
    moved = {header: role for header, role in wanted.items() if role != now.get(header, "")}
    left = {now[header] for header in moved if header in now} - set(wanted.values())
    return {f"column.{role}": NONE for role in left} | {
        f"column.{role}": header for header, role in moved.items() if role
    }


def so_far(found: questionnaire.Asked) -> dict[str, str]:
    """Column of a sale line → header, as far as it is understood."""
    columns = found.draft.get("columns")
    return dict(columns) if isinstance(columns, dict) else {}


def keep(id: str, answers: dict[str, str]) -> None:
    now = ports().clock.now().isoformat()
    resumable_upload.change(ports(), id, me().login, lambda known: replace(known, answers=answers, touched_at=now))


def contract_of(file: str, opened: Opened, answers: Mapping[str, str]) -> Contract:
    """The contract that the answers make, under the name that the form gives it. Raises `Rejected`."""
    return named(questionnaire.ask(opened, name_of(file), answers, tillstream().book.all().values()))


def named(found: questionnaire.Asked) -> Contract:
    """The new contract under the name that the form gives it. Raises `Rejected` while a question is open."""
    if found.contract is None:
        count = len(found.questions)
        raise Rejected(f"{count} {'question is' if count == 1 else 'questions are'} still open.")
    name = request.form.get("name", "").strip() or found.contract.name
    data: dict[str, Any] = found.contract.model_dump(mode="json")
    if data["identity"]["id_prefix"] == f"{found.contract.name}-":
        data["identity"]["id_prefix"] = f"{name}-"
    return parse(data | {"name": name}, "The contract")


def changes(answers: Mapping[str, str]) -> list[str]:
    """The answers in words, for whoever accepts them."""
    told = []
    for key, said in answers.items():
        question = Question(key, key)
        family, _, rest = key.partition(".")
        what = preview_text.ABOUT.get(key) or (preview_text.COLUMNS.get(rest, f"“{rest}”") if rest else family)
        told.append(f"{what}: {preview_text.choice(question, said)}")
    return told


def name_of(file: str) -> str:
    return stem(file)[:60] or "new"
