"""Addresses of the pages that show what a sentence states."""

from urllib.parse import urlencode

from tillstream.reports.facts import Facts


def dashboard(facts: Facts) -> str:
    return f"/dashboard?{urlencode(_period(facts))}"


def compare(facts: Facts) -> str:
    return f"/compare?{urlencode(_period(facts))}"


def products(facts: Facts) -> str:
    return f"/products?{urlencode(_period(facts))}"


def customers(facts: Facts) -> str:
    return f"/customers?{urlencode(_period(facts))}"


def goals(facts: Facts) -> str:
    return f"/goals?month={facts.period.last:%Y-%m}"


def forecast() -> str:
    return "/forecast"


def stock(status: str = "") -> str:
    return f"/stock?status={status}" if status else "/stock"


def shrinkage(facts: Facts) -> str:
    return f"/stock/reports/shrinkage?{urlencode(_period(facts))}"


def completeness(facts: Facts) -> str:
    return f"/completeness?day={facts.period.last.isoformat()}"


def changes() -> str:
    return "/changes"


def _period(facts: Facts) -> dict[str, str]:
    period = {"from": facts.period.first.isoformat(), "to": facts.period.last.isoformat()}
    return period | ({"region": facts.source.region} if facts.source.region else {})
