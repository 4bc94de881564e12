"""Files without a table, or without amounts, are rejected with the reason."""

import io

import pytest

from tillstream.model.errors import Rejected
from tillstream.review.questionnaire import build_questionnaire

QUOTED = '"No,Date,Item,Total"\n' + '"1,2026-03-01,""A, b"",5"\n' * 5
ALIGNED = "No     Date        Item   Total\n" + "1      2026-03-01  Tea      5.50\n" * 5
SPLIT = "No,Date,Item,Total\n" + "1,2026-03-01,Tea,5,50\n" * 5
ZERO = "No,Date,Item,Total\n" + "1,2026-03-01,Tea,0\n" * 5
MONTHS = "Product,Category,Jan 2026,Feb 2026,Mar 2026\n" + "Tea,Food,1.50,2.50,3.50\n" * 5
DAYS = "Product,Price,02.03.,03.03.,04.03.\n" + "Tea,1.50,1,2,3\n" * 5
GROUPS = ",North,,South,\nDate,Qty,Amount,Qty,Amount\n" + "".join(
    f"2026-03-0{n},{n},{n}.50,1,5.50\n" for n in range(1, 8)
)
LIST = "Remark\n" + "Nothing was sold\n" * 5


@pytest.mark.parametrize(
    ("content", "reason"),
    [(QUOTED, "one cell in quotes"), (ALIGNED, "aligned with spaces"), (SPLIT, "another number of cells"),
     (ZERO, "All 5 sampled amounts in Total are 0"), ("Remark\n", "The file has no rows. A contract"),
     (MONTHS, r"Most columns are periods \(Jan 2026, Feb 2026, Mar 2026\)"),
     (DAYS, r"periods \(02.03., 03.03., 04.03.\)"),
     (GROUPS.replace("Qty,Amount,Qty,Amount", "Qty 1,Amount 1,Qty 2,Amount 2"), "side by side"),
     (GROUPS, "Qty and Amount occur 2 times side by side")],
)  # fmt: skip
def test_the_reason_is_true(content: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        build_questionnaire(lambda: io.BytesIO(content.encode()), "shop", {}, ())


@pytest.mark.parametrize(
    "header", ["Date,Qty,Amount,Qty,Note", "Date,Price,Amount,Price,Amount", "Date,Qty,Jan,Feb,Mar,Item,No"]
)
def test_columns_of_the_same_name_or_a_few_periods_are_no_groups(header: str) -> None:
    rows = "".join(f"2026-03-0{n},{n},{n}.50,{n + 1},5.50,A,{n}\n" for n in range(1, 8))
    width = header.count(",") + 1
    cut = "".join(",".join(row.split(",")[:width]) + "\n" for row in rows.splitlines())
    assert build_questionnaire(lambda: io.BytesIO(f"{header}\n{cut}".encode()), "shop", {}, ()).questions


def test_other_files_of_one_column_are_not_rejected() -> None:
    assert build_questionnaire(lambda: io.BytesIO(LIST.encode()), "shop", {}, ()).questions
