"""Lists of regions, currencies, countries and time zones that a field offers, those in use first."""

from functools import cache
from zoneinfo import available_timezones

from portal.context import scope, tillstream
from portal.uploads import scoped
from tillstream.model.countries import country_names
from tillstream.model.money import CURRENT_CURRENCIES


def options(key: str) -> tuple[str, ...]:
    """Values that the field of a question offers; empty if any text is as good as another."""
    if key == "region":
        return regions()
    if key == "time_zone":
        return _time_zones()
    if key == "currency":
        return _first({one.currency for one in scoped.contracts()}, tuple(CURRENT_CURRENCIES.split()))
    if key == "country":
        return _first({one.country for one in scoped.contracts()}, country_names())
    return ()


def is_closed(key: str) -> bool:
    """Whether the options are all that the user may answer."""
    return key == "region" and scope().regions is not None


def regions() -> tuple[str, ...]:
    """The regions of the user."""
    own = scope().regions
    return own if own is not None else tuple(tillstream().contracts.regions_to_choose())


def _first(used: set[str], others: tuple[str, ...]) -> tuple[str, ...]:
    """Values in use before the others."""
    return tuple(dict.fromkeys((*sorted(used - {""}), *others)))


@cache
def _time_zones() -> tuple[str, ...]:
    return tuple(sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith("Etc/")))
