"""Sample figures of every kind, as the script of the charts reads them."""

from typing import Any

from portal.static_files import asset

MONTHS = [f"{2025 + (month + 6) // 12}-{(month + 6) % 12 + 1:02}-01" for month in range(12)]
NOW = [52_100.0, 48_700.5, 61_020.0, 58_900.0, 73_400.0, 88_120.0, 41_000.0, 44_300.0, 52_800.0, 57_010.0, 60_400.0]
BEFORE = [49_800.0, 50_100.0, 55_400.0, 57_300.0, 70_900.0, 91_300.0, 39_500.0, 42_000.0, 49_100.0, 55_600.0, 58_200.0]
DAYS = [f"2026-{5 + day // 31:02}-{day % 31 + 1:02}" for day in range(61)]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
LONG = "Noise-cancelling headphones with a spare cable, a case and three pairs of cushions"
STORES = ["MUM01", "DEL01", "BLR01", "LON1", "MAN1", "101"]


def _daily(factor: float) -> list[float | None]:
    return [round(factor * (1_400 + 35 * day % 900 + (600 if day % 7 > 4 else 0)), 2) for day in range(61)]


def _money(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "currency": "USD", **more}


def figures() -> dict[str, tuple[str, dict[str, Any]]]:
    """Name → what it shows, and the figure."""
    months = {"period": "monthly", "labels": MONTHS, "values": [*NOW, 21_700.0]}
    before = {"name": "Previous year", "values": [*BEFORE, 61_000.0]}
    unfinished = [False] * 11 + [True]
    series = [{"name": store, "values": [(at + 2) * value / 6 for value in NOW]} for at, store in enumerate(STORES)]
    return {
        "bars": (
            "A ranking: amounts at the bars, long names shortened, the comparison in the tooltip",
            _money(
                "bars",
                labels=["Monitor", LONG, "Kettle", "Chef's knife", "Tea", "7 others"],
                values=[73_010.0, 44_120.5, 31_800.0, 9_450.0, -1_200.0, 22_000.0],
                before={"name": "Previous year", "values": [70_100.0, 47_800.0, 31_800.0, None, 400.0, 20_900.0]},
                links=["#bars"] * 6,
            ),
        ),
        "few": ("A ranking of two", _money("bars", labels=["Store", "Online"], values=[73_010.0, 44_120.5])),
        "number": ("One value alone is a number", _money("bars", labels=["MUM01"], values=[73_010.0])),
        "columns": (
            "Periods beside those before; the last is not complete; a day with an annotation",
            _money(
                "columns",
                **months | {"partial": unfinished},
                name="This year",
                before=before,
                annotations=[{"at": MONTHS[5], "text": "Campaign"}],
                links=["#columns"] * 12,
            ),
        ),
        "columns-few": (
            "Few periods with their amounts",
            _money("columns", period="quarterly", labels=MONTHS[2:12:3], values=NOW[:4]),
        ),
        "columns-series": (
            "Several series",
            _money(
                "columns",
                period="monthly",
                labels=MONTHS[:4],
                series=[{**one, "values": one["values"][:4]} for one in series],
            ),
        ),
        "line": (
            "Many periods; the last days are not complete",
            _money(
                "line",
                period="daily",
                labels=DAYS,
                values=_daily(1.0),
                partial=[False] * 56 + [True] * 5,
                before={"name": "Previous period", "values": [*_daily(0.8)[:40], *[None] * 21]},
                annotations=[{"at": DAYS[20], "text": "Strike"}],
            ),
        ),
        "line-series": (
            "Several series over time",
            _money("line", period="monthly", labels=MONTHS[:11], series=series),
        ),
        "heatmap": (
            "Months and weekdays; a day without sales has no colour",
            _money(
                "heatmap",
                labels=WEEKDAYS,
                names=["Jul 2025", "Aug 2025", "Sep 2025", "Oct 2025"],
                values=[
                    [None if (at + day) % 9 == 0 else 900.0 * (at + 1) + 700 * day for day in range(7)]
                    for at in range(4)
                ],
            ),
        ),
        "world": (
            "Countries, small ones as dots",
            _money(
                "world",
                labels=["IND", "GBR", "USA", "SGP", "DEU"],
                names=["India", "United Kingdom, UK", "USA", "Singapore", "Germany"],
                values=[3_844_974.6, 3_219_425.0, 2_164_207.0, 84_872.4, 24_412.7],
                outlines=asset("world.json"),
            ),
        ),
    }
