"""Files without a table, or without amounts, are rejected with the reason."""

import io

import pytest

from tillstream.domain.errors import Rejected
from tillstream.workflows.onboarding.questionnaire import build_questionnaire

QUOTED = '"No,Date,Item,Total"\n' + '"1,2026-03-01,""A, b"",5"\n' * 5
ALIGNED = "No     Date        Item   Total\n" + "1      2026-03-01  Tea      5.50\n" * 5
SPLIT = "No,Date,Item,Total\n" + "1,2026-03-01,Tea,5,50\n" * 5
ZERO = "No,Date,Item,Total\n" + "1,2026-03-01,Tea,0\n" * 5
LIST = "Remark\n" + "Nothing was sold\n" * 5


@pytest.mark.parametrize(
    ("content", "reason"),
    [(QUOTED, "one cell in quotes"), (ALIGNED, "aligned with spaces"), (SPLIT, "another number of cells"),
     (ZERO, "All 5 sampled amounts in Total are 0"), ("Remark\n", "The file has no rows. A contract")],
)  # fmt: skip
def test_the_reason_is_true(content: str, reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        build_questionnaire(lambda: io.BytesIO(content.encode()), "shop", {}, ())


def test_other_files_of_one_column_are_not_rejected() -> None:
    assert build_questionnaire(lambda: io.BytesIO(LIST.encode()), "shop", {}, ()).questions
