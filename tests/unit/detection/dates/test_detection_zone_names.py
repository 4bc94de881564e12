"""Time zones as people write them."""

import pytest

from tillstream.detection.answers import invalid_reason, zone_name


@pytest.mark.parametrize(
    ("answer", "zone"),
    [
        ("Europe/London", "Europe/London"),
        ("europe/london", "Europe/London"),
        ("new york", "America/New_York"),
        ("America/New York", "America/New_York"),
        ("Kolkata", "Asia/Kolkata"),
        ("utc", "utc"),
        ("eastern", "eastern"),
        ("Narnia", "Narnia"),
    ],
)
def test_a_city_names_its_zone_and_an_ambiguous_word_is_kept(answer: str, zone: str) -> None:
    assert zone_name(answer) == zone


def test_an_unknown_place_is_not_a_zone() -> None:
    assert invalid_reason("time_zone", zone_name("Narnia")) == "it must be a name such as Europe/London"
