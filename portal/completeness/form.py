"""The form of an expectation: how often, by when, with which exceptions, and who is written to."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange

from portal.completeness import texts
from tillstream.model.contract_schedule import WEEKDAYS, Expectation, StoreExpectation, parse_expectation

WEEKEND = ("saturday", "sunday")


class ExpectationForm(FlaskForm):
    cadence = SelectField(texts.CADENCE, choices=[SelectChoice(key, words) for key, words in texts.CADENCES.items()])
    deadline_days = IntegerField(texts.DEADLINE_DAYS, [NumberRange(0, 60, texts.WRONG_DAYS)], default=1)
    deadline = StringField(texts.DEADLINE, [InputRequired(texts.NO_DEADLINE), Length(max=8)])
    time_zone = StringField(texts.TIME_ZONE, [Length(max=60)])
    since = StringField(texts.SINCE, [Length(max=10)])
    closed_days = TextAreaField(texts.CLOSED_DAYS, [Length(max=5000)])
    notify = TextAreaField(texts.NOTIFY, [Length(max=2000)])

    def show(self, expectation: Expectation) -> None:
        """Fill the fields."""
        at_weekends = expectation.cadence == "daily" and expectation.closed == WEEKEND
        self.cadence.data = "weekdays" if at_weekends else expectation.cadence
        self.deadline_days.data = expectation.deadline_days
        self.deadline.data = f"{expectation.deadline:%H:%M}"
        self.time_zone.data = expectation.time_zone
        self.since.data = str(expectation.since or "")
        self.closed_days.data = "\n".join(str(day) for day in expectation.closed_days)
        self.notify.data = "\n".join(expectation.notify)

    def expectation(self, stores: Sequence[str]) -> Expectation:
        """The expectation of the posted fields. Raises `WrongExpectation`."""
        cadence = self.cadence.data
        closed = WEEKEND if cadence == "weekdays" else _weekdays("closed")
        return parse_expectation(
            {
                "cadence": "daily" if cadence == "weekdays" else cadence,
                "deadline_days": self.deadline_days.data,
                "deadline": (self.deadline.data or "").strip(),
                "time_zone": (self.time_zone.data or "").strip(),
                "since": (self.since.data or "").strip() or None,
                "closed": closed,
                "closed_days": sorted(set(_words(self.closed_days.data))),
                "notify": list(dict.fromkeys(_words(self.notify.data))),
                "stores": {store: values for store, one in _posted(stores).items() if (values := one.values())},
            }
        )


@dataclass(frozen=True)
class StoreFields:
    """The fields of one store as text, as stored or as posted."""

    expected: bool
    closed: Sequence[str]
    closed_days: str
    since: str

    def values(self) -> dict[str, Any]:
        """What differs from the rest of the source."""
        values = {"closed": self.closed, "closed_days": sorted(set(_words(self.closed_days))), "since": self.since}
        return {name: value for name, value in values.items() if value} | ({} if self.expected else {"expected": False})


def closed_weekdays(expectation: Expectation) -> Sequence[str]:
    return _weekdays("closed") if request.method == "POST" else expectation.closed


def store_fields(expectation: Expectation, stores: Sequence[str]) -> dict[str, StoreFields]:
    """Store → its fields: those posted, else those of the expectation."""
    if request.method == "POST":
        return _posted(stores)
    own = {store: expectation.stores.get(store, StoreExpectation()) for store in stores}
    return {
        store: StoreFields(one.expected, one.closed, ", ".join(map(str, one.closed_days)), str(one.since or ""))
        for store, one in own.items()
    }


def _posted(stores: Sequence[str]) -> dict[str, StoreFields]:
    expected = request.form.getlist("expected")
    return {
        store: StoreFields(
            store in expected,
            _weekdays(_name("closed", store)),
            request.form.get(_name("closed_days", store), ""),
            request.form.get(_name("since", store), "").strip(),
        )
        for store in stores
    }


def _name(*parts: str) -> str:
    """Name of a field of a store."""
    return " ".join(parts)


def _weekdays(field: str) -> list[str]:
    return [day for day in WEEKDAYS if day in request.form.getlist(field)]


def _words(text: str | None) -> list[str]:
    return re.split(r"[\s,;]+", text.strip()) if text and text.strip() else []
