"""All cases, by name."""

from functools import cache

from tests.strangers.case import Case
from tests.strangers.shapes import (
    accounting,
    bookkeeping,
    currencies,
    dates,
    defects,
    erp,
    flags,
    known,
    languages,
    marketplaces,
    more_tills,
    more_traps,
    no_tables,
    numbers_again,
    orders,
    payments,
    reports,
    samples,
    shopify,
    taxes,
    tills,
    total_rows,
    traps,
    webshops,
)

MODULES = (
    *(shopify, webshops, marketplaces, payments, tills, more_tills, erp, accounting, bookkeeping),
    *(languages, reports, samples, traps, more_traps, defects, known, no_tables, numbers_again, orders, taxes),
    *(flags, currencies, dates, total_rows),
)


@cache
def cases() -> dict[str, Case]:
    by_name: dict[str, Case] = {}
    for module in MODULES:
        for case in module.cases():
            if case.name in by_name:
                raise ValueError(f"two cases are called {case.name}")
            by_name[case.name] = case
    return by_name
