"""Filters of sale events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tillstream.model.errors import Rejected
from tillstream.model.events import EVENT_ATTRIBUTES, parse_event_filter

EVENT = {"type": "sale.changed", "region": "UK", "store_id": "LON1", "category": "Home ware"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "region=UK",
        "region=IN,UK store=LON1",
        'category="Home ware" type=sale.changed',
        " store_id=LON1  ",
    ],
)
def test_an_event_matches(text: str) -> None:
    assert parse_event_filter(text).matches(EVENT)


@pytest.mark.parametrize("text", ["region=IN", "region=UK store=LON2", "category=Home", 'channel="web"', "region=uk"])
def test_an_event_does_not_match(text: str) -> None:
    assert not parse_event_filter(text).matches(EVENT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colour=red", "cannot be filtered by “colour”"),
        ("region=UK region=IN", "has “region” twice"),
        ("store=A store_id=B", "has “store_id” twice"),
        ("region", "is not a filter"),
        ('category="Home ware', "is not a filter"),
        ("region=UK;drop", ""),
        ("x" * 1_001, "at most"),
    ],
)
def test_what_is_no_filter_is_rejected(text: str, reason: str) -> None:
    if not reason:
        assert not parse_event_filter(text).matches(EVENT)
        return
    with pytest.raises(Rejected, match=reason):
        parse_event_filter(text)


_VALUES = st.text(st.characters(exclude_characters=',"', exclude_categories=("Cs",)), min_size=1, max_size=8)


@given(st.dictionaries(st.sampled_from(EVENT_ATTRIBUTES), st.lists(_VALUES, min_size=1, max_size=3)))
def test_every_value_can_be_selected_in_quotation_marks(wanted: dict[str, list[str]]) -> None:
    text = " ".join(f'{name}="{",".join(values)}"' for name, values in wanted.items())
    event_filter = parse_event_filter(text)
    for number in range(3):
        assert event_filter.matches({name: values[number % len(values)] for name, values in wanted.items()})
    assert bool(wanted) is not event_filter.matches({})
