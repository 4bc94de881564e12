"""The newest days of the samples have a file each, and the newest months have something to explain."""

import csv
import io
from datetime import date

from tillstream.samples.sample_files import DEMO_NAMES, expected_facts, files_of_regions

UNTIL = date(2025, 3, 4)


def test_the_newest_days_have_a_file_each_and_one_day_is_never_delivered() -> None:
    facts = expected_facts(until=UNTIL, scale=0.05, days=7)
    daily = {
        region: [
            one.name
            for one in files_of_regions(until=UNTIL, scale=0.05, regions=[region], days=7)
            if one.delivery.daily
        ]
        for region in DEMO_NAMES
    }
    assert [facts[region].last_sale_date for region in DEMO_NAMES] == [UNTIL] * 3
    assert [len(daily[region]) for region in DEMO_NAMES] == [7, 7, 6]
    assert "USA_sales_2025-02-28_cc.tsv" not in daily["USA"]
    assert sum(facts[region].files[name].new for region in DEMO_NAMES for name in daily[region]) > 50


def test_in_the_latest_complete_month_one_product_and_one_store_fall_and_two_prices_rise() -> None:
    rows = history(date(2025, 4, 10))
    before, after = ([row for row in rows if row["Invoice Date"][3:10] == month] for month in ("02-2025", "03-2025"))

    def growth(column: str, value: str) -> float:
        return sum(row[column] == value for row in after) / sum(row[column] == value for row in before)

    assert growth("Item Code", "EL-1001") < 0.7
    assert growth("Item Code", "SP-1001") > 1.8
    assert growth("Store", "DEL01") < 0.8
    price, dearer = (
        max(float(row["Rate"]) for row in month if row["Item Code"] == "GR-1002") for month in (before, after)
    )
    assert dearer > 1.2 * price


def history(until: date) -> list[dict[str, str]]:
    """The intact rows of the first file of India."""
    out = io.BytesIO()
    next(iter(files_of_regions(until=until, regions=["IN"]))).write(out)
    return [row for row in csv.DictReader(io.StringIO(out.getvalue().decode())) if row["Invoice Date"]]
