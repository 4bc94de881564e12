"""Names of delivered files, from a pattern."""

from datetime import date

import pytest

from tillstream.delivery import file_destinations
from tillstream.model.errors import Rejected

DAY = date(2026, 7, 1)
JUNE = (date(2026, 6, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("pattern", "days", "name"),
    [
        ("", JUNE, "stores-paris-2026-07-01.csv"),
        ("{name}-{period}", JUNE, "stores-paris-2026-06.csv"),
        ("{name}-{period}", (date(2026, 1, 1), date(2026, 12, 31)), "stores-paris-2026.csv"),
        ("{period}", (DAY, DAY), "2026-07-01.csv"),
        ("{period}", (date(2026, 6, 2), date(2026, 6, 30)), "2026-06-02_2026-06-30.csv"),
        ("{period}", (None, None), "all-days.csv"),
        ("{period}", (None, DAY), "to-2026-07-01.csv"),
        ("latest sales", JUNE, "latest-sales.csv"),
        ("Umsätze {date}", JUNE, "Umsätze-2026-07-01.csv"),
    ],
)
def test_a_pattern_gives_a_name(pattern: str, days: tuple[date | None, date | None], name: str) -> None:
    assert file_destinations.fill_file_name(pattern, "Stores, Paris", *days, DAY, "csv") == name


@pytest.mark.parametrize("pattern", ["../{name}", "a/b", "a\\b", "{region}", "{name", ".hidden", "a" * 101, "a\nb"])
def test_a_pattern_that_leads_elsewhere_is_refused(pattern: str) -> None:
    with pytest.raises(Rejected, match="The name of a file"):
        file_destinations.check_name_pattern(pattern)


def test_a_second_file_has_the_time_of_its_run_and_an_id() -> None:
    name = file_destinations.with_stamp("stores-2026-06.csv", "20260701-070000", "4f1c09ab" * 4)
    assert name == "stores-2026-06-20260701-070000-4f1c09ab.csv"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Stores, Paris", "stores-paris"),
        ("店舗 売上", "店舗-売上"),
        ("बिक्री", "बिक्री"),
        ("A\u0308_B", "ä-b"),
        ("!", "table"),
    ],
)
def test_letters_of_any_script_stay_in_a_name(name: str, slug: str) -> None:
    assert file_destinations.file_slug(name) == slug


def test_names_are_compared_without_their_days() -> None:
    dated, by_period, without, other = (
        file_destinations.without_days(pattern, "Stores", "csv")
        for pattern in ("", "{name}-{period}", "{name}", "Stores-{date}x")
    )
    assert dated == by_period
    assert len({dated, without, other}) == 3
    assert dated == file_destinations.without_days("Stores-{date}", "Other", "csv")
