"""Day closes of the stores of the user, by store and day."""

from datetime import date

from portal.context import ports, scope
from tillstream.review import day_closes


def of_scope(first: date, last: date) -> dict[tuple[str, str], dict[date, bool]]:
    """(region, store) → day → whether all day closes of the day agree or are accepted.

    One that was only just received is left out: its sales may still arrive.
    """
    now, limits = ports().clock.now(), scope()
    closes: dict[tuple[str, str], dict[date, bool]] = {}
    for one in day_closes.day_closes_between(ports(), first, last):
        is_settled = one.state != "open" or one.is_question(now)
        if is_settled and limits.covers_region(one.region) and limits.covers_stores([one.store_id]):
            days, day = closes.setdefault((one.region, one.store_id), {}), date.fromisoformat(one.date)
            days[day] = days.get(day, True) and one.state != "open"
    return closes
