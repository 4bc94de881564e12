"""Regions besides the three of the demo, whose files are written on request."""

from tillstream.samples.regions import REGIONS, Promotion, Region, by_category

_EVEN = (900, 900, 950, 1000, 1000, 950, 900, 900, 1000, 1050, 1250, 1500)
_WEEKDAYS = (900, 900, 950, 1000, 1150, 1400, 700)

MORE_REGIONS: tuple[Region, ...] = (
    Region(
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
        promotions=(Promotion(1, 27, 31, 20), Promotion(11, 21, 28, 20), Promotion(7, 28, 31, 15, ("Clothing",))),
    ),
    Region(
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
        promotions=(Promotion(1, 8, 31, 30, ("Clothing", "Sports")), Promotion(7, 1, 28, 30, ("Clothing",))),
    ),
    Region(
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
        promotions=(Promotion(1, 2, 7, 20), Promotion(7, 1, 15, 10), Promotion(12, 1, 24, 10, ("Toys", "Clothing"))),
    ),
    Region(
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
        promotions=(Promotion(11, 24, 30, 25), Promotion(5, 1, 11, 10)),
    ),
)
ALL_REGIONS = {region.name: region for region in (*REGIONS, *MORE_REGIONS)}
