"""No spreadsheet reads a formula in a guarded CSV file, wherever it splits a row, and reading the file undoes it."""

import csv
import io
import re

import pyarrow as pa
from hypothesis import example, given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.model.safe_text import guard_formulas, unguard_formulas
from tillstream.pipeline.rows.text_columns import guard_column, unguard_column

TEXTS = st.text(st.sampled_from("a1 ;,\t\n\r'\"=+-@＝"), max_size=8)


@given(TEXTS)
@example("a;=cmd()")
@example('a;"=cmd()')
@example("\t=1")
@settings(max_examples=examples(400))
def test_unguarded_text_is_the_text_that_was_guarded(text: str) -> None:
    assert unguard_formulas(guard_formulas(text)) == text


@given(st.lists(TEXTS, min_size=1, max_size=4))
@example(["1", 'a;"=cmd()'])
@settings(max_examples=examples(400))
def test_a_row_has_no_formula_whichever_delimiter_a_spreadsheet_expects(texts: list[str]) -> None:
    line = io.StringIO(newline="")
    csv.writer(line).writerow(map(guard_formulas, texts))
    by_comma = next(csv.reader(io.StringIO(line.getvalue(), newline="")), [])
    by_other = re.split("[;\t\r\n]", line.getvalue())
    assert not [cell for cell in (*by_comma, *by_other) if re.match('[" ]*[=+@＝-]', cell)]


@given(st.lists(st.none() | TEXTS, max_size=6))
def test_a_column_is_guarded_like_its_texts(texts: list[str | None]) -> None:
    guarded = guard_column(pa.array(texts, pa.string()))
    assert guarded.to_pylist() == [text and guard_formulas(text) for text in texts]
    assert unguard_column(guarded).to_pylist() == texts
