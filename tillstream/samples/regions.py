"""Regions and their sales patterns (their file formats are `styles`); here the three of the demo."""

from dataclasses import dataclass

from tillstream.samples.catalogue import CATEGORIES


@dataclass(frozen=True)
class Promotion:
    """A discount on some categories (all if empty) between two days of a month, inclusive."""

    month: int
    first: int
    last: int
    percent: int
    categories: tuple[str, ...] = ()


@dataclass(frozen=True)
class Region:
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
    promotions: tuple[Promotion, ...]
    customers: int = 1800

    @property
    def taxed_by_store(self) -> bool:
        return set(self.tax) != set(CATEGORIES)


def by_category(default: int, **rates: int) -> dict[str, int]:
    return {category: rates.get(category.split()[0], default) for category in CATEGORIES}


REGIONS: tuple[Region, ...] = (
    Region(
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
            Promotion(1, 20, 27, 15, ("Electronics", "Clothing")),
            Promotion(8, 10, 16, 10),
            Promotion(10, 15, 31, 20),
            Promotion(11, 1, 5, 20),
        ),
    ),
    Region(
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
            Promotion(1, 2, 15, 25, ("Clothing", "Home & Kitchen", "Toys")),
            Promotion(7, 1, 10, 15, ("Clothing", "Sports")),
            Promotion(11, 22, 30, 20),
            Promotion(12, 26, 31, 30),
        ),
    ),
    Region(
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
            Promotion(2, 14, 21, 15, ("Electronics", "Home & Kitchen")),
            Promotion(7, 1, 7, 15),
            Promotion(8, 1, 20, 10, ("Books", "Clothing", "Electronics")),
            Promotion(11, 23, 30, 25),
            Promotion(12, 26, 31, 20),
        ),
    ),
)
