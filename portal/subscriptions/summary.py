"""What a subscription contains, in words: its table and the filters."""

from portal.context import scope
from portal.dashboard.texts import PERIODS
from portal.explore import texts as explore_texts
from portal.filters.names import name_of
from portal.filters.texts import LABELS
from portal.subscriptions import texts
from tillstream.analytics import explorations
from tillstream.analytics.filters import COMPARE, COMPARED_DATES, CURRENCY, is_filter
from tillstream.delivery.subscribed_tables import OF_PAGES, query_parameters
from tillstream.delivery.subscriptions import EXPLORE, TABLES, address_arguments
from tillstream.model.dates import DATE_FILTERS

LONGEST = 60
"""Maximum characters of a name."""


def name_for(address: str) -> str:
    """A name for a subscription to a table, such as Revenue by store. Raises as `explorations.parse`."""
    path, arguments = address_arguments(address)
    if path == EXPLORE:
        one = explorations.parse_exploration(arguments, scope())
        return explore_texts.title(one.measures[0].label, [each.label for each in one.dimensions])[:LONGEST]
    return path.removeprefix(TABLES).replace("-", " ").capitalize()[:LONGEST]


def of_address(address: str) -> list[tuple[str, str]]:
    """Labels and values: the table, its parameters and filters, without the period. Raises as `tables.read`."""
    path, arguments = address_arguments(address)
    own = query_parameters(path, arguments)
    lines = list(_table(path, arguments))
    days = [arguments[name][0] for name in COMPARED_DATES if any(arguments.get(name, []))]
    if days:
        lines.append((texts.COMPARED, texts.compared_days(days)))
    for name in sorted(arguments, key=lambda name: list(LABELS).index(name) if name in LABELS else -1):
        chosen = [text for text in arguments[name] if text]
        if not chosen or (name in OF_PAGES | {*DATE_FILTERS, *COMPARED_DATES} and name not in own):
            continue
        if name in own:
            lines.append((name.replace("_", " ").capitalize(), ", ".join(PERIODS.get(one, one) for one in chosen)))
        elif name == CURRENCY:
            lines.append((texts.CURRENCY, chosen[-1]))
        elif is_filter(name):
            lines.append(_filter(name, chosen))
    return lines


def _table(path: str, arguments: dict[str, list[str]]) -> list[tuple[str, str]]:
    if path != EXPLORE:
        return [(texts.TABLE, path.removeprefix(TABLES).replace("-", " ").capitalize())]
    one = explorations.parse_exploration(arguments, scope())
    measures = [(texts.MEASURES, ", ".join(each.label for each in one.measures))]
    return measures + ([(texts.BY, ", ".join(each.label for each in one.dimensions))] if one.dimensions else [])


def _filter(name: str, chosen: list[str]) -> tuple[str, str]:
    column = name.removeprefix(COMPARE)
    label = LABELS.get(column, column.capitalize())
    values = ", ".join(name_of(column, one) for one in chosen)
    return (texts.compared(label) if name != column else label), values
