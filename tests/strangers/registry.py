"""All cases, by name."""

from functools import cache

from tests.strangers.case import Case
from tests.strangers.shapes import (
    abroad,
    accounting,
    bookkeeping,
    erp,
    known,
    languages,
    marketplaces,
    more_tills,
    payments,
    reports,
    restaurants,
    samples,
    shopify,
    tills,
    webshops,
)
from tests.strangers.traps import (
    charges,
    currencies,
    dates,
    defects,
    flags,
    float_numbers,
    marked,
    more_traps,
    nameless,
    no_tables,
    not_goods,
    numbers_again,
    orders,
    refunds,
    tax_sums,
    taxes,
    total_rows,
    traps,
)

MODULES = (
    *(shopify, webshops, marketplaces, abroad, payments, tills, more_tills, restaurants, erp, accounting, bookkeeping),
    *(languages, reports, samples, traps, more_traps, defects, known, no_tables, numbers_again, orders, taxes),
    *(flags, marked, currencies, dates, total_rows, tax_sums, refunds, not_goods, charges, nameless, float_numbers),
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
