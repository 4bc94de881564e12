"""Cells common to all regions, with region-specific formats."""

from datetime import timedelta

import numpy as np

from tillstream.samples import catalogue
from tillstream.samples.cells import Text, joined, take, where, whole
from tillstream.samples.draw import Ints
from tillstream.samples.lines import RETURNED, Lines
from tillstream.samples.months import Month
from tillstream.samples.people import names
from tillstream.samples.regions import Region


def stamp(month: Month) -> str:
    return f"{month.year % 100:02}{month.month:02}{month.mark}"


def days(month: Month, pattern: str, day: Ints) -> Text:
    dates = [month.first + timedelta(days=offset) for offset in range(month.days)]
    return take([d.strftime(pattern) if "%" in pattern else pattern.format(d) for d in dates], day - 1)


def instants(month: Month, day: str, clock: str, lines: Lines) -> Text:
    return joined(days(month, day, lines.day), times(clock, lines), between=" ")


def times(clock: str, lines: Lines) -> Text:
    words = [
        clock.format(hour=hour, half=(hour + 11) % 12 + 1, minute=minute, noon="AM" if hour < 12 else "PM")
        for hour, minute in (divmod(time, 60) for time in range(24 * 60))
    ]
    return take(words, lines.minute)


def staff(letter: str, lines: Lines) -> Text:
    people = [f"{letter}{101 + number}" for number in range(int(lines.salesperson.max(initial=-1)) + 1)]
    return take(people, lines.salesperson)


def customer_ids(letter: str, lines: Lines) -> Text:
    numbers = joined(letter, whole(lines.customer + 10_001))
    return where(lines.customer < 0, "", numbers)


def customers(lines: Lines, region: Region) -> Text:
    numbers = np.arange(int(lines.customer.max(initial=-1)) + 1, dtype=np.int64)
    return take(names(region.name, numbers), lines.customer)


def category(lines: Lines) -> Text:
    return take(list(catalogue.CATEGORIES), catalogue.CATEGORY[lines.product])


def country(lines: Lines, region: Region) -> Text:
    """Country of each customer; the first of the region for lines without a customer."""
    ends = np.cumsum(np.array(region.country_weights, dtype=np.int64))
    index = np.searchsorted(ends, lines.customer * 7919 % int(ends[-1]), side="right")
    return take(list(region.countries), np.where(lines.customer < 0, 0, index))


def original(numbers: Text, lines: Lines) -> Text:
    return where(lines.status != RETURNED, "", numbers)
