"""A draft taken is the corrected file that a person would have written by hand, however it was typed and undone."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from app_factory import build
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.adapters.local.clock import ManualClock
from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.batch import Batch, BatchKind
from tillstream.model.errors import Rejected
from tillstream.model.safe_text import unguard_formulas
from tillstream.review import correction_draft
from tillstream.review.cell_interpretations import interpret_cell
from tillstream.review.correction_draft import CorrectionDraft, DraftEdit
from tillstream.review.correction_workspace import correction_file
from tillstream.review.rejected_rows import WHOLE_ROW, AppliedEdits, RejectedRows
from tillstream.settings import Settings

CONTRACT = shipped_contracts()["IN"]
NAMES = ("A", "B", "C")
CODES = ("not-a-number", "missing-required")
UPLOAD = Batch("b", BatchKind.UPLOAD, "inbox", "o", 1, 1, "f.csv", "IN", 1, "IN", 1, "2026-06-01T00:00:00+00:00", "ada")
words = st.sampled_from(["", "a", "b", "ab", "ten", "1,5", "=1+1", "'x", "-", 'quo"te', "two\nlines", " a "])
rows = st.integers(1, 9)
columns = st.integers(0, len(NAMES) - 1)
people = st.sampled_from(["ada", "bo"])
some_rows = st.lists(rows, min_size=1, max_size=3).map(tuple)
like = {"code": st.sampled_from(CODES), "column": columns, "value": words, "by": people, "seen": st.integers(0, 2)}
who = {"by": people, "seen": st.integers(0, 2)}
steps = st.one_of(
    st.builds(
        DraftEdit,
        st.just("set"),
        cells=st.lists(st.tuples(rows, columns, words), min_size=1, max_size=4).map(tuple),
        **who,
    ),
    st.builds(DraftEdit, st.just("put"), text=words, **like),
    st.builds(DraftEdit, st.just("read"), how=st.sampled_from(["number-word", "decimal-comma"]), **like),
    st.builds(
        DraftEdit,
        st.just("replace"),
        value=words.filter(bool),
        text=words,
        column=columns | st.none() | st.just(-1),
        **who,
    ),
    st.builds(DraftEdit, st.sampled_from(["accept", "revert"]), rows=some_rows, off=st.booleans(), **who),
    st.builds(DraftEdit, st.just("discard"), rows=some_rows, text=st.just("why"), off=st.booleans(), **who),
    st.builds(
        DraftEdit,
        st.sampled_from(["accept", "discard"]),
        text=st.just("so"),
        code=st.sampled_from(CODES),
        column=st.none() | columns,
        value=st.none() | words,
        **who,
    ),
)


@st.composite
def refused(draw: st.DrawFn) -> RejectedRows:
    numbers = sorted(draw(st.sets(rows, min_size=1)))
    size = len(numbers)
    spots = draw(st.sets(st.tuples(st.sampled_from(CODES), st.sampled_from([WHOLE_ROW, 0, 1, 2])), max_size=5))
    marks = {spot: np.array(sorted(draw(st.sets(st.integers(0, size - 1), min_size=1))), np.int64) for spot in spots}
    return RejectedRows(
        UPLOAD,
        CONTRACT,
        NAMES,
        np.array(numbers, np.int64),
        np.array(numbers, np.int64) + 1,
        np.array([draw(st.integers(0, 2)) for _ in numbers], np.int64),
        tuple(pa.array([draw(words) for _ in numbers], pa.string()) for _ in NAMES),
        {},
        ["[]"] * size,
        marks,
    )


def by_hand(source: RejectedRows, done: list[DraftEdit]) -> list[dict[str, str]]:
    """The downloaded file, corrected cell by cell in plain loops; only rows in which something was changed."""
    file: list[dict[str, Any]] = [
        {"row": int(number), "fix": int(source.fix_number[i]), "accept": "", "discard": ""}
        | {"cells": [column[i].as_py() for column in source.columns], "place": i}
        for i, number in enumerate(source.row_number)
    ]
    written = [list(line["cells"]) for line in file]
    for step in done:
        for line in file:
            if line["fix"] <= step.seen:
                _by_hand(source, step, line, written[line["place"]])
    return [
        dict(zip(NAMES, line["cells"], strict=True))
        | {"_row": str(line["row"]), "_accept": line["accept"], "_discard": line["discard"]}
        for line in file
        if line["accept"] or line["discard"] or line["cells"] != written[line["place"]]
    ]


def _by_hand(source: RejectedRows, step: DraftEdit, line: dict[str, Any], written: list[str]) -> None:
    cells = line["cells"]
    if step.do == "set":
        for row, column, text in step.cells:
            if row == line["row"]:
                cells[column] = text
    elif step.do == "replace":
        for column in range(len(NAMES)):
            if step.column in (None, -1, column):
                cells[column] = cells[column].replace(step.value or "", step.text)
    elif _is_meant(source, step, line):
        _to_the_row(step, line, written)


def _is_meant(source: RejectedRows, step: DraftEdit, line: dict[str, Any]) -> bool:
    if step.rows:
        return line["row"] in step.rows
    spot = step.code, WHOLE_ROW if step.column is None else step.column
    same = step.column is None or step.value is None or line["cells"][step.column] == step.value
    return line["place"] in source.rows_by_problem.get(spot, ()) and same


def _to_the_row(step: DraftEdit, line: dict[str, Any], written: list[str]) -> None:
    column = step.column or 0
    if step.do == "put":
        line["cells"][column] = step.text
    elif step.do == "read":
        read = interpret_cell(step.how, line["cells"][column], CONTRACT)
        line["cells"][column] = line["cells"][column] if read is None else read
    else:
        line["accept"] = "yes" if step.do == "accept" and not step.off else ""
        line["discard"] = step.text if step.do == "discard" and not step.off else ""
        if step.do == "revert":
            line["cells"][:] = written


def as_rows(text: bytes) -> list[dict[str, str]]:
    wanted = (*NAMES, "_row", "_accept", "_discard")
    read = csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))
    return [{name: unguard_formulas(row[name]) for name in wanted} for row in read]


@given(refused(), st.lists(steps, max_size=12))
def test_a_draft_is_the_corrected_file_written_by_hand(source: RejectedRows, done: list[DraftEdit]) -> None:
    applied = AppliedEdits(source, done)
    assert as_rows(correction_file(applied, applied.touched())) == by_hand(source, done)


@given(st.lists(steps, max_size=8))
def test_steps_come_back_from_a_document_as_they_were(done: list[DraftEdit]) -> None:
    assert [DraftEdit.from_json(step.to_json()) for step in done] == done


@given(refused(), st.lists(steps, max_size=8))
def test_an_edit_reports_how_many_cells_it_changes(source: RejectedRows, done: list[DraftEdit]) -> None:
    applied = AppliedEdits(source)
    for step in done:
        before = [applied.row(row) for row in range(len(source))]
        reported = applied.take(step)
        after = [applied.row(row) for row in range(len(source))]
        changed = sum(one != other for b, a in zip(before, after, strict=True) for one, other in zip(b, a, strict=True))
        if step.do in ("put", "read"):
            assert reported == changed
        elif step.do in ("set", "replace"):
            assert reported >= changed


ACTS = st.lists(st.tuples(people, st.sampled_from(["type", "type", "undo", "redo"])), max_size=25)


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Any:
    home: Path = tmp_path_factory.mktemp("drafts")
    app = build(Settings(home=home, samples=False, threads=1), ManualClock(datetime(2026, 7, 1, tzinfo=UTC)))
    yield app.ports
    app.close()


@settings(max_examples=examples(50))  # each act is a write to the disk
@given(ACTS)
def test_undo_and_redo_are_each_persons_own_and_as_in_a_spreadsheet(ports: Any, acts: list[tuple[str, str]]) -> None:
    batch = f"batch-{ports.clock.tick()}"
    done: dict[str, list[int]] = {"ada": [], "bo": []}
    back: dict[str, list[int]] = {"ada": [], "bo": []}
    for number, (by, act) in enumerate(acts):
        if act == "type":
            version = correction_draft.get_draft(ports, batch).version
            correction_draft.add_draft_step(
                ports, batch, DraftEdit("set", cells=((number + 1, 0, "x"),), by=by), expected_version=version
            )
            done[by].append(number)
            back[by].clear()
        elif act == "undo" and done[by]:
            correction_draft.undo_draft_step(ports, batch, by)
            back[by].append(done[by].pop())
        elif act == "redo" and back[by]:
            correction_draft.redo_draft_step(ports, batch, by)
            done[by].append(back[by].pop())
        else:
            with pytest.raises(Rejected):
                (correction_draft.undo_draft_step if act == "undo" else correction_draft.redo_draft_step)(
                    ports, batch, by
                )
        standing = [step.cells[0][0] - 1 for step in correction_draft.get_draft(ports, batch).steps if not step.undone]
        assert standing == sorted(done["ada"] + done["bo"])


def test_the_size_of_a_draft_depends_on_its_edits_not_on_its_rows() -> None:
    step = DraftEdit(
        "put", code="not-a-number", column=3, value="ten", text="10", by="ada", at="2026-06-01T00:00:00+00:00"
    )
    assert len(str(step.to_json())) < 200
    assert CorrectionDraft("b", 1, (step,)).can_undo("ada")
