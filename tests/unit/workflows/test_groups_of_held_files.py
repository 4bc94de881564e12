"""Held files are decided about together only if the question about them is the same one."""

from dataclasses import replace

import pytest

from tillstream.model.batch import Batch, BatchKind, BatchState, Hold, HoldCode
from tillstream.review.held_batches import group_held_alike

FILE = Batch(
    batch_id="1",
    kind=BatchKind.UPLOAD,
    bucket="inbox",
    object="a.csv",
    generation=1,
    size=1,
    file="a.csv",
    contract="north",
    contract_version=1,
    region="North",
    received_seq=1,
    received_at="2026-03-01T09:00:00+00:00",
    received_by="ada",
    state=BatchState.HELD,
)


def sizes(code: HoldCode, value: str, *details: str) -> list[int]:
    """Of the groups of files with a hold with these details."""
    held = (
        replace(
            FILE, batch_id=str(number), received_seq=number, holds=(Hold.from_code(code, value=value, detail=detail),)
        )
        for number, detail in enumerate(details)
    )
    return [len(group) for group in group_held_alike(held)]


@pytest.mark.parametrize(
    ("code", "details"),
    [
        (HoldCode.UNKNOWN_CONTRACT, ("; it can be read with till1 or web", "; it can be read with till2 or web")),
        (HoldCode.REGION_REQUESTED, ("Spain", "Portugal")),
        (HoldCode.OTHER_CONTRACT, ("the store is none of north", "the currency is none of north")),
        (HoldCode.FOREIGN_SALES, ("4 rows of Germany", "4 rows of France")),
        (HoldCode.OTHER_REGION, ("South with the same number", "East with the same number")),
    ],
)
def test_files_about_which_the_question_differs_are_apart(code: HoldCode, details: tuple[str, str]) -> None:
    one, other = details
    assert sizes(code, "North", one, other, one) == [2, 1]


def test_files_whose_question_differs_by_counts_alone_are_together() -> None:
    assert sizes(HoldCode.FOREIGN_SALES, "North", "4 rows of Germany", "1,204 rows of Germany") == [2]
    assert sizes(HoldCode.TRUNCATED, "", "it ends in line 7", "it ends in line 8") == [2]
