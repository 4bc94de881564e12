"""The filters of a table in words, as the title of a document needs them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from tillstream.model.text import upper_first

FROM, TO, CURRENCY = "from", "to", ("in", "currency")


def in_words(filters: Mapping[str, Sequence[str]], amounts: str = "Amounts") -> list[str]:
    """Phrases such as `1 Jun 2026 to 30 Jun 2026`, `Region: IN, UK` and `Amounts in USD`, in this order.

    amounts: what is in the currency; empty if nothing is.
    """
    return [*_period(filters), *_chosen(filters), *(_currency(filters, amounts) if amounts else ())]


def label(name: str) -> str:
    """net_amount or sales-by-store as a person writes it: Net amount, Sales by store."""
    words = name.replace("_", " ").replace("-", " ").strip()
    return upper_first(words)


def _period(filters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    first, last = (_day("".join(filters.get(name, ()))) for name in (FROM, TO))
    if first and last:
        yield first if first == last else f"{first} to {last}"
    elif first or last:
        yield f"From {first}" if first else f"Up to {last}"


def _chosen(filters: Mapping[str, Sequence[str]]) -> Iterator[str]:
    for name, values in filters.items():
        if name not in (FROM, TO, *CURRENCY) and any(values):
            yield f"{label(name)}: {', '.join(values)}"


def _currency(filters: Mapping[str, Sequence[str]], amounts: str) -> Iterator[str]:
    if code := next((one for name in CURRENCY for one in filters.get(name, ()) if one), ""):
        yield f"{amounts} in {code}"


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {day:%b} {day.year}"
