"""Each answer to a question shows what the first values of the file become."""

import io
from functools import partial

import pytest
from proposals import ANSWERS

from tillstream.review.question_examples import answer_examples
from tillstream.review.questionnaire import build_questionnaire

DAYS = ("2026-02-03", "2026-05-04", "2026-07-06", "14/02/2026", "25/03/2026", "30/04/2026")


def file_of(header: str, rows: list[tuple[object, ...]]) -> bytes:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows), ""]).encode()


def shown(data: bytes, key: str) -> dict[str, tuple[str, ...]]:
    opened = partial(io.BytesIO, data)
    questionnaire = build_questionnaire(opened, "shop", ANSWERS, ())
    question = next(one for one in questionnaire.questions if one.key == key)
    return answer_examples(opened, questionnaire, question)


def test_columns_of_small_numbers_show_their_values() -> None:
    data = file_of("Receipt,Date,Total,Xq", [(n, "2026-03-14", f"{n}.50", n % 3 + 1) for n in range(20, 40)])
    assert shown(data, "column.quantity") == {"Xq": ("3", "1", "2"), "-": ()}


def test_half_converted_dates_show_both_readings() -> None:
    rows = [(n, DAYS[n % 6], n % 3 + 1, f"{n}.50") for n in range(60)]
    texts = shown(file_of("Receipt,Date,Qty,Total", rows), "half_converted")
    assert texts["swap"][0] == "2026-02-03 is 2 March 2026"
    assert texts["keep"][0] == "2026-02-03 is 3 February 2026"


def test_minor_units_show_the_amount_that_they_are() -> None:
    rows = [(n, "2026-03-14", n % 3 + 1, 1250 + n) for n in range(20)]
    texts = shown(file_of("Receipt,Date,Qty,Total_cents", rows), "minor_units")
    assert (texts["yes"][0], texts["no"][0]) == ("1250 is 12.50", "1250 is 1,250.00")


@pytest.mark.parametrize("key", ["column.date", "column.sale_id"])
def test_columns_of_similar_names_can_all_be_denied(key: str) -> None:
    rows = [(n // 2, n + 500, "2026-03-14", "2026-03-15", 1, f"{n}.50") for n in range(20)]
    data = file_of("Order number,Receipt number,Order date,Invoice date,Qty,Total", rows)
    assert shown(data, key)["-"] == ()
