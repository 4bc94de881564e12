"""Regions and their sales patterns: the three of the demo, and others whose files are written on request."""

from dataclasses import dataclass

from tillstream.samples.master_data import PRODUCT_CATEGORIES

_EVEN = (900, 900, 950, 1000, 1000, 950, 900, 900, 1000, 1050, 1250, 1500)
_WEEKDAYS = (900, 900, 950, 1000, 1150, 1400, 700)


@dataclass(frozen=True)
class SamplePromotion:
    """A discount on some categories (all if empty) between two days of a month, inclusive."""

    month: int
    first: int
    last: int
    percent: int
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class SampleRegion:
    """Weights are relative, seasons and weekdays in per mille; `lines` is the size at scale 1.

    `tax`: hundredths of a percent by category, or by store where the region taxes by place. The last store is the web.
    """

    name: str
    number: int
    currency: str
    lines: int
    stores: tuple[str, ...]
    weights: tuple[int, ...]
    seasons: tuple[int, ...]
    weekdays: tuple[int, ...]
    growth: int
    """Per mille per month."""
    countries: tuple[str, ...]
    country_weights: tuple[int, ...]
    tax: dict[str, int]
    promotions: tuple[SamplePromotion, ...]
    customers: int = 1800

    @property
    def taxed_by_store(self) -> bool:
        return set(self.tax) != set(PRODUCT_CATEGORIES)


def by_category(default: int, **rates: int) -> dict[str, int]:
    return {category: rates.get(category.split()[0], default) for category in PRODUCT_CATEGORIES}


DEMO_REGIONS: tuple[SampleRegion, ...] = (
    SampleRegion(
        name="IN",
        number=1,
        currency="INR",
        lines=80_000,
        stores=("MUM01", "DEL01", "BLR01", "MAA01", "CCU01", "PNQ01", "WEB-IN"),
        weights=(26, 24, 20, 13, 10, 7),
        seasons=(900, 850, 950, 950, 950, 900, 900, 1000, 1050, 1500, 1450, 1050),
        weekdays=(850, 850, 900, 950, 1050, 1300, 1350),
        growth=12,
        countries=("India", "Nepal", "United Arab Emirates"),
        country_weights=(970, 15, 15),
        tax=by_category(1800, Books=0, Groceries=500, Clothing=1200, Toys=1200),
        promotions=(
            SamplePromotion(1, 20, 27, 15, ("Electronics", "Clothing")),
            SamplePromotion(8, 10, 16, 10),
            SamplePromotion(10, 15, 31, 20),
            SamplePromotion(11, 1, 5, 20),
        ),
    ),
    SampleRegion(
        name="UK",
        number=2,
        currency="GBP",
        lines=62_000,
        stores=("LON1", "LON2", "MAN1", "EDI1", "CDF1", "BRS1", "WEB1"),
        weights=(28, 22, 18, 13, 8, 11),
        seasons=(800, 820, 900, 950, 980, 970, 960, 930, 970, 1020, 1350, 1650),
        weekdays=(850, 850, 900, 950, 1150, 1450, 950),
        growth=5,
        countries=("United Kingdom", "Ireland", "France", "Germany"),
        country_weights=(930, 35, 20, 15),
        tax=by_category(2000, Books=0, Groceries=0),
        promotions=(
            SamplePromotion(1, 2, 15, 25, ("Clothing", "Home & Kitchen", "Toys")),
            SamplePromotion(7, 1, 10, 15, ("Clothing", "Sports")),
            SamplePromotion(11, 22, 30, 20),
            SamplePromotion(12, 26, 31, 30),
        ),
    ),
    SampleRegion(
        name="USA",
        number=3,
        currency="USD",
        lines=62_000,
        stores=("101", "102", "115", "120", "131", "140", "900"),
        weights=(24, 20, 18, 15, 13, 10),
        seasons=(820, 850, 900, 930, 980, 950, 1000, 980, 930, 980, 1500, 1600),
        weekdays=(850, 850, 900, 950, 1150, 1350, 1100),
        growth=8,
        countries=("USA", "Canada", "Mexico"),
        country_weights=(950, 35, 15),
        tax={"101": 888, "102": 888, "115": 625, "120": 700, "131": 890, "140": 725, "900": 0},
        promotions=(
            SamplePromotion(2, 14, 21, 15, ("Electronics", "Home & Kitchen")),
            SamplePromotion(7, 1, 7, 15),
            SamplePromotion(8, 1, 20, 10, ("Books", "Clothing", "Electronics")),
            SamplePromotion(11, 23, 30, 25),
            SamplePromotion(12, 26, 31, 20),
        ),
    ),
)

MORE_REGIONS: tuple[SampleRegion, ...] = (
    SampleRegion(
        name="DE",
        number=4,
        currency="EUR",
        lines=50_000,
        stores=("BER1", "HAM1", "MUC1", "CGN1", "FRA1", "WEB-DE"),
        weights=(28, 22, 20, 16, 14),
        seasons=_EVEN,
        weekdays=_WEEKDAYS,
        growth=6,
        countries=("Deutschland",),
        country_weights=(1,),
        tax=by_category(1900, Books=700, Groceries=700),
        promotions=(
            SamplePromotion(1, 27, 31, 20),
            SamplePromotion(11, 21, 28, 20),
            SamplePromotion(7, 28, 31, 15, ("Clothing",)),
        ),
    ),
    SampleRegion(
        name="FR",
        number=5,
        currency="EUR",
        lines=50_000,
        stores=("PAR1", "PAR2", "LYO1", "MRS1", "LIL1", "WEB-FR"),
        weights=(30, 24, 18, 15, 13),
        seasons=_EVEN,
        weekdays=_WEEKDAYS,
        growth=5,
        countries=("France",),
        country_weights=(1,),
        tax=by_category(2000, Books=550, Groceries=550),
        promotions=(
            SamplePromotion(1, 8, 31, 30, ("Clothing", "Sports")),
            SamplePromotion(7, 1, 28, 30, ("Clothing",)),
        ),
    ),
    SampleRegion(
        name="JP",
        number=6,
        currency="JPY",
        lines=50_000,
        stores=("新宿店", "渋谷店", "大阪店", "名古屋店", "札幌店", "オンライン"),
        weights=(30, 24, 20, 14, 12),
        seasons=(1200, 850, 1050, 1000, 950, 950, 1100, 1000, 900, 950, 1050, 1500),
        weekdays=(900, 900, 950, 950, 1100, 1400, 1300),
        growth=4,
        countries=("日本",),
        country_weights=(1,),
        tax=by_category(1000),
        promotions=(
            SamplePromotion(1, 2, 7, 20),
            SamplePromotion(7, 1, 15, 10),
            SamplePromotion(12, 1, 24, 10, ("Toys", "Clothing")),
        ),
    ),
    SampleRegion(
        name="BR",
        number=7,
        currency="BRL",
        lines=50_000,
        stores=("SAO1", "SAO2", "RIO1", "BHZ1", "POA1", "WEB-BR"),
        weights=(30, 22, 20, 15, 13),
        seasons=(900, 880, 950, 950, 1100, 1050, 950, 1050, 900, 1000, 1400, 1450),
        weekdays=(900, 900, 950, 1000, 1150, 1350, 900),
        growth=9,
        countries=("Brasil",),
        country_weights=(1,),
        tax=by_category(1700, Books=0, Groceries=700),
        promotions=(SamplePromotion(11, 24, 30, 25), SamplePromotion(5, 1, 11, 10)),
    ),
)
ALL_REGIONS = {region.name: region for region in (*DEMO_REGIONS, *MORE_REGIONS)}
