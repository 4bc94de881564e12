"""The rules of catalogue entries against slow models that look at every day and every row."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.catalogue import entry_checks
from tillstream.model import catalogue_columns, product_catalogue
from tillstream.model.catalogue_columns import ENTRY_COLUMNS, entry_cells, new_entry, parse_cells
from tillstream.model.document_json import from_json, to_json
from tillstream.model.product_catalogue import (
    Alias,
    DatedAmount,
    EntryKind,
    FieldVersion,
    Product,
    Promotion,
    Store,
    WeekdayHours,
    add_version,
    values_on,
    version_ranges,
)

FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 9).map(lambda days: FIRST + timedelta(days=days))
AMOUNTS = st.decimals(0, 10**6, places=2)
ROWS = st.lists(
    st.builds(
        DatedAmount,
        region=st.sampled_from(["*", "IN", "UK"]),
        currency=st.sampled_from(["INR", "USD"]),
        amount=AMOUNTS,
        valid_from=st.none() | DAYS,
        recorded_at=st.sampled_from(["2026-01-01", "2026-01-02", "2026-01-03"]),
    ),
    max_size=8,
)
CODES = st.text(st.sampled_from("abAB-./: %é"), min_size=1, max_size=6).map(str.strip).filter(bool)
WORDS = st.text(st.sampled_from("ab C,;\"'=é"), max_size=8).map(lambda text: " ".join(text.split()))


def naive_amount(rows: list[DatedAmount], region: str, day: date) -> DatedAmount | None:
    """Sort all rows that have started by the three rules and take the last."""
    for wanted in (region, "*"):
        started = [row for row in rows if row.region == wanted and (row.valid_from is None or row.valid_from <= day)]
        if started:
            latest = max(row.valid_from or date.min for row in started)
            same_day = [row for row in started if (row.valid_from or date.min) == latest]
            newest = max(row.recorded_at for row in same_day)
            return [row for row in same_day if row.recorded_at == newest][-1]
    return None


@settings(max_examples=examples(600))
@given(ROWS, st.sampled_from(["IN", "UK", "DE"]), DAYS)
def test_the_amount_of_a_day_is_that_of_the_model(rows: list[DatedAmount], region: str, day: date) -> None:
    assert product_catalogue.amount_on(rows, region, day) == naive_amount(rows, region, day)


@settings(max_examples=examples(600))
@given(ROWS, st.sampled_from(["IN", "UK", "DE"]), DAYS)
def test_ranges_are_disjoint_and_equal_the_amount_of_each_day(rows: list[DatedAmount], region: str, day: date) -> None:
    counting = [
        one
        for one in product_catalogue.cost_ranges(rows)
        if (one.valid_from or date.min) <= day < (one.valid_to or date.max)
    ]
    assert len({one.region for one in counting}) == len(counting)
    by_region = {one.region: one for one in counting}
    chosen = by_region.get(region) or by_region.get("*")
    expected = naive_amount(rows, region, day)
    assert (chosen and (chosen.amount, chosen.currency)) == (expected and (expected.amount, expected.currency))


@settings(max_examples=examples(300))
@given(ROWS, st.sampled_from(["IN", "UK", "DE"]), st.sampled_from(["INR", "USD", "EUR"]), DAYS)
def test_a_price_is_looked_up_in_its_currency(rows: list[DatedAmount], region: str, currency: str, day: date) -> None:
    expected = naive_amount([row for row in rows if row.currency == currency], region, day)
    price = product_catalogue.price_on(Product("P", prices=tuple(rows)), region, currency, day)
    assert price == (expected.amount if expected else None)


@settings(max_examples=examples(300))
@given(st.lists(st.tuples(DAYS, st.sampled_from(["a", "b", "c"])), max_size=8).map(sorted))
def test_versions_keep_the_last_values_of_each_day(changes: list[tuple[date, str]]) -> None:
    versions: tuple[FieldVersion, ...] = ()
    for day, name in changes:
        versions = add_version(versions, {"name": name}, day)
    for day in (FIRST + timedelta(days=days) for days in range(-1, 11)):
        earlier = [name for at, name in changes if at <= day]
        first_day = [name for at, name in changes if at == changes[0][0]] if changes else []
        expected = earlier[-1] if earlier else first_day[0] if first_day else None
        values = values_on(versions, day)
        assert (values and values["name"]) == expected
        counting = [
            one for start, end, one in version_ranges(versions) if (start or date.min) <= day < (end or date.max)
        ]
        assert counting == ([values] if values else [])


@settings(max_examples=examples(400))
@given(st.dictionaries(st.tuples(st.sampled_from("*IU"), st.sampled_from("abcde")), st.sampled_from("abcde")))
def test_a_cycle_is_reported_exactly_if_some_code_never_ends(codes: dict[tuple[str, str], str]) -> None:
    def ends(region: str, code: str) -> bool:
        for _ in range(20):
            if (region, code) not in codes and ("*", code) not in codes:
                return True
            code = codes.get((region, code)) or codes["*", code]
        return False

    regions = {region for region, _ in codes}
    all_end = all(ends(region, code) for region in regions for code in "abcde")
    assert (product_catalogue.first_alias_cycle(codes, codes, regions) is None) == all_end


PROMOTIONS = st.builds(
    Promotion,
    promotion_id=st.just("P"),
    product=st.sampled_from(["p1", "p2"]),
    region=st.sampled_from(["*", "IN", "UK"]),
    store_id=st.sampled_from(["", "s1", "s2"]),
    kind=st.sampled_from(["discount", "loyalty"]),
    valid_from=st.none() | DAYS,
    valid_to=st.none() | DAYS,
    active=st.sampled_from([True, True, False]),
)
TARGETS = st.booleans()
CATEGORIES = {"p1": "toys", "p2": "toys"}


def _covers(promotion: Promotion, product: str, store: tuple[str, str], day: date) -> bool:
    region, store_id = store
    return (
        promotion.active
        and (promotion.product == product if promotion.product else CATEGORIES[product] == promotion.category)
        and promotion.region in {"*", region}
        and (promotion.region == "*" or promotion.store_id in {"", store_id})
        and (promotion.valid_from or date.min) <= day <= (promotion.valid_to or date.max)
    )


@settings(max_examples=examples(600))
@given(PROMOTIONS, PROMOTIONS, TARGETS, TARGETS)
def test_promotions_overlap_exactly_if_both_count_somewhere(
    one: Promotion, other: Promotion, of_category: bool, of_other_category: bool
) -> None:
    one = replace(one, product="", category="toys") if of_category else one
    other = replace(other, product="", category="toys") if of_other_category else other
    days = [FIRST + timedelta(days=days) for days in range(-1, 11)]
    both = one.kind == other.kind and any(
        _covers(one, product, store, day) and _covers(other, product, store, day)
        for product in CATEGORIES
        for store in (("IN", "s1"), ("IN", "s2"), ("IN", "s3"), ("UK", "s1"), ("UK", "s2"), ("DE", "s1"))
        for day in days
    )
    assert entry_checks.promotions_overlap(one, other, CATEGORIES) == both


@settings(max_examples=examples(300))
@given(
    st.builds(
        Product,
        code=CODES,
        name=WORDS.filter(bool),
        category=WORDS,
        pack_size=st.none() | AMOUNTS.filter(bool),
        supplier=st.just("") | CODES,
        minimum_order=st.none() | AMOUNTS.filter(bool),
        shelf_life_days=st.none() | AMOUNTS.filter(bool),
        minimum_stock=st.none() | AMOUNTS.filter(bool),
        active=st.booleans(),
        barcodes=st.lists(CODES, unique=True).map(tuple),
        aliases=st.lists(st.builds(Alias, st.sampled_from(["*", "IN"]), CODES), unique=True).map(tuple),
        costs=ROWS.map(tuple),
        versions=st.just(()) | st.builds(lambda day: (FieldVersion(day, {"name": "a", "barcodes": ["1"]}),), DAYS),
    )
)
def test_a_product_is_the_same_after_storing_and_after_export(product: Product) -> None:
    assert from_json(Product, to_json(product)) == product
    cells = entry_cells(EntryKind.PRODUCT, product)
    parsed, problems = parse_cells(ENTRY_COLUMNS[EntryKind.PRODUCT], cells)
    assert problems == []
    exported = new_entry(EntryKind.PRODUCT, parsed)
    assert replace(product, costs=(), prices=(), versions=()) == exported


@settings(max_examples=examples(200))
@given(
    st.lists(st.sampled_from(catalogue_columns.WEEKDAYS), unique=True),
    st.none() | st.decimals(-90, 90, places=4),
)
def test_a_store_is_the_same_after_export(days: list[str], latitude: Decimal | None) -> None:
    hours = tuple(WeekdayHours(day, "09:00-12:00,13:00-18:00") for day in catalogue_columns.WEEKDAYS if day in days)
    store = Store("IN", "MUM01", name="Mumbai", latitude=latitude, opening_hours=hours)
    assert from_json(Store, to_json(store)) == store
    assert (
        new_entry(EntryKind.STORE, parse_cells(ENTRY_COLUMNS[EntryKind.STORE], entry_cells(EntryKind.STORE, store))[0])
        == store
    )
