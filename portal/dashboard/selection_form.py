"""The filter form of the pages about customers and products."""

from collections.abc import Sequence
from typing import Any

from portal.dashboard import currency_choice, filter_bar, texts
from portal.dashboard.request_filters import DashboardFilters
from portal.filters import fields
from tillstream.model.dates import ALL_TIME

FIRST = ("region", "store")
"""Filters next to the period; the others are behind a button."""


def context(selection: DashboardFilters, kept: Sequence[str] = ()) -> dict[str, Any]:
    """What `dashboard/filter_form.html` needs. `kept`: further arguments of the page that the form keeps."""
    return {
        "selection": selection,
        "presets": {ALL_TIME: texts.ALL_TIME, **texts.PRESETS, filter_bar.OWN_DATES: texts.CUSTOM_DATES},
        "currencies": currency_choice.choices(),
        "bar": fields.of_page(selection.values),
        "first": FIRST,
        "chips": filter_bar.chips(selection),
        "kept": kept,
    }
