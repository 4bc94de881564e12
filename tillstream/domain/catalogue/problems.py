"""Problems of catalogue entries: stable codes with the texts for people.

`docs/catalogue.md` lists them; a test keeps the two in sync.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tillstream.model.errors import Rejected

PROBLEMS: dict[str, tuple[str, str]] = {
    "missing-value": ("{field} is empty.", "Enter a value."),
    "too-long": ("{field} has more than {detail} characters.", "Shorten the text."),
    "wrong-code": ("{field} is “{value}”; a code cannot contain {detail}.", "Write the code without them."),
    "wrong-number": ("{field} is “{value}”, which is not a number{detail}.", "Write it as 1234.50."),
    "negative-amount": ("{field} is {value}; it cannot be below 0.", "Enter 0 or more."),
    "not-positive": ("{field} is {value}; it must be above 0.", "Enter a number above 0, or leave it empty."),
    "wrong-date": ("{field} is “{value}”, which is not a date.", "Write year, month and day, such as 2026-12-31."),
    "dates-reversed": ("The last day {value} is before the first day {detail}.", "Correct one of the days."),
    "wrong-choice": ("{field} is “{value}”; it can be {detail}.", "Choose one of these values."),
    "unknown-currency": ("{field} is “{value}”, which is not a currency.", "Use a code of ISO 4217, such as EUR."),
    "unknown-time-zone": ("{field} is “{value}”, which is not a time zone.", "Use a name such as Europe/London."),
    "unknown-region": ("“{value}” is not a region; regions are {detail}.", "Use one of these regions."),
    "unknown-product": ("There is no product “{value}”.", "Add the product first, or correct the code."),
    "unknown-store": ("There is no store “{value}” in {detail}.", "Add the store first, or correct the code."),
    "wrong-hours": (
        "{field}: “{value}” is not a day with its hours.",
        "Write them as Mon-Fri 09:00-18:00; Sat 10:00-16:00.",
    ),
    "repeated-day": (
        "{field}: “{value}” is there twice.",
        "Write a day once, its hours separated by commas: Mon 09:00-12:00,13:00-18:00.",
    ),
    "half-location": ("{field} is empty, but a location has both coordinates.", "Enter both or none."),
    "wrong-coordinate": ("{field} is {value}; it must be from -{detail} to {detail}.", "Write it in degrees."),
    "ambiguous-rate": ("{field} is {value}, which can mean {detail}.", "Write it with the percent sign."),
    "wrong-rate": ("{field} is {value}; it must be above 0% and at most 100%.", "Write a percentage, such as 20%."),
    "wrong-target": ("A promotion is for one product or for one category.", "Fill exactly one of the two."),
    "wrong-alias": (
        "{field}: “{value}” is not a region and a code.",
        "Write REGION:CODE, or *:CODE for all regions, separated by semicolons.",
    ),
    "unreadable-row": ("The row cannot be read: {value}.", "Correct the quotation marks and separators of the row."),
    "repeated-entry": ("The file has “{value}” in line {detail}, too.", "Keep one of the two rows."),
    "code-of-another": (
        "The code “{value}” already belongs to the product {detail}.",
        "Remove it from one of the two.",
    ),
    "code-of-a-product": (
        "The code “{value}” is that of the product {detail}.",
        "Remove it here. If both are one product, retire the other one first, then enter its code here.",
    ),
    "alias-cycle": ("The other codes form a cycle: {detail}.", "Remove one of these codes."),
    "overlapping-amounts": (
        "{field} of {value} has two values from the same day: {detail}.",
        "Keep one of the values, or let it start on another day.",
    ),
    "overlapping-promotions": (
        "The promotion overlaps {detail}, which has the same kind.",
        "Change its days, its stores or its kind.",
    ),
    "not-permitted": ("You cannot change {value}.", "Ask an administrator."),
}
"""Code → message and remedy. A message may contain {field}, {value} and {detail}."""


@dataclass(frozen=True)
class EntryProblem:
    """A problem of one field of an entry; `field` is empty if it concerns the whole entry."""

    code: str
    field: str = ""
    value: str = ""
    detail: str = ""

    @property
    def message(self) -> str:
        """The message with the name of the field in files."""
        return self.message_with({})

    def message_with(self, labels: Mapping[str, str]) -> str:
        """The message with the label of the field on a page."""
        words = labels.get(self.field) or self.field.replace("_", " ").capitalize()
        return PROBLEMS[self.code][0].format(field=words, value=self.value, detail=self.detail)

    @property
    def remedy(self) -> str:
        return PROBLEMS[self.code][1]


class InvalidEntry(Rejected):
    """An entry that cannot be saved, with all its problems."""

    def __init__(self, problems: Sequence[EntryProblem]) -> None:
        super().__init__(" ".join(f"{one.message} {one.remedy}" for one in problems))
        self.problems = tuple(problems)
        self.code = problems[0].code
