"""The page of pass rates: sources, rules and weeks, compared with the weeks before, and the uploads behind a rule."""

import csv
import html
import json
import re
from typing import Any

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.model.permissions import Role

SHARED = True
WEEK = 7 * 86_400
PAGE = "/quality/pass-rates?weeks=4"


def sell(admin: Visitor, work: Work) -> None:
    """Five weeks ago, one of five rows was rejected; one week ago, two of ten; today a file without faults."""
    clock = admin.app.ports.clock
    assert isinstance(clock, ManualClock)
    for weeks, name, days in (
        (4, "may.csv", ["05-05-2026"] * 4 + ["on Monday"]),
        (1, "june.csv", ["03-06-2026"] * 9 + ["?"]),
        (0, "july.csv", ["01-07-2026"] * 2),
    ):
        rows = [indian_sale(f"{name}-{number}", date=f"{day} 10:15") for number, day in enumerate(days)]
        if name == "june.csv":
            rows[0] = rows[0].replace(",1,100.00,", ",many,100.00,")
        admin.upload(indian_file(*rows), name)
        work()
        clock.advance(weeks * WEEK)
        admin.sign_in("admin-all")


def text_of(page: str) -> str:
    """The words of a page, without its markup."""
    words = " ".join(html.unescape(re.sub(r"<script.*?</script>|<[^>]*>", " ", page, flags=re.DOTALL)).split())
    return words.replace("+ ", "+")


def figure_of(page: str) -> dict[str, Any]:
    (figure,) = re.findall(r'<script type="application/json">(.*?)</script>', page, flags=re.DOTALL)
    data: dict[str, Any] = json.loads(figure)
    return data


def test_the_page_compares_the_weeks_with_those_before(sold: Visitor) -> None:
    page = sold.get(PAGE).text
    assert "83.33% of 12 rows accepted in the last 4 weeks, +3.3 points against the 4 weeks before" in text_of(page)
    assert "IN 12 2 83.33% 80.00% +3.3" in text_of(page)
    figure = figure_of(page)
    assert figure["labels"] == ["2026-07-13", "2026-07-20", "2026-07-27", "2026-08-03"]
    assert figure["values"] == [None, None, 20, 0]
    assert figure["before"]["values"] == [None, None, 20, None]
    assert figure["partial"] == [False, False, False, True]


def test_rules_with_their_rows_are_sorted_and_searched(sold: Visitor) -> None:
    words = text_of(sold.get(PAGE).text)
    assert "Not a date sale_date IN to fix 1 91.66% +11.7" in words
    assert "Not a number quantity IN to fix 1 91.66% −8.3" in words
    by_change = text_of(sold.get(f"{PAGE}&sort=change").text)
    assert by_change.index("Not a number quantity") < by_change.index("Not a date sale_date")
    assert "Not a date sale_date" not in text_of(sold.get(f"{PAGE}&q=quantity").text)
    assert "No rule matches." in sold.get(f"{PAGE}&q=nothing").text


def test_a_rule_leads_to_the_uploads_with_its_rows(sold: Visitor) -> None:
    (link,) = re.findall(r'href="([^"]*/not-a-number[^"]*)"', sold.get(PAGE).text)
    page = sold.get(html.unescape(link)).text
    assert "91.66% of 12 rows passed in the last 4 weeks" in text_of(page)
    assert "june.csv" in page
    assert "july.csv" not in page
    (receipt,) = re.findall(r'href="(/uploads/[^"]+)">june.csv', page)
    assert sold.get(receipt).status_code == 200


def test_one_source_and_its_weeks(sold: Visitor) -> None:
    page = sold.get(f"{PAGE}&source=IN").text
    assert "<h2>Data sources</h2>" not in page
    assert "27 Jul 2026 10 2 80.00%" in text_of(page)
    assert sold.get(f"{PAGE}&source=UK").status_code == 404
    assert sold.get("/quality/pass-rates/IN/none").status_code == 404
    assert sold.get("/quality/pass-rates/UK/not-a-date").status_code == 404


def test_programs_and_files_have_the_same_numbers(sold: Visitor) -> None:
    rows = sold.get("/api/v1/pass-rates?first_day=2026-07-27&source=IN").get_json()["rows"]
    assert [(row["period_start"], row["rows_checked"], row["rows_accepted"]) for row in rows] == [
        ("2026-07-27", 10, 8),
        ("2026-08-03", 2, 2),
    ]
    assert rows[0]["pass_rate"] == "0.8"
    (rule, _) = sold.get("/api/v1/failed-rules?first_day=2026-07-27").get_json()["rows"]
    assert (rule["failed_rows"], rule["rows_checked"], rule["pass_rate"]) == (1, 10, "0.9")
    (_, address) = re.findall(r'href="([^"]*tables/[^"]*format=csv[^"]*)"', sold.get(PAGE).text)
    lines = csv.DictReader(sold.get(html.unescape(address)).text.removeprefix("\ufeff").splitlines())
    assert {line["code"] for line in lines} == {"not-a-date", "not-a-number"}


def test_without_rows_the_page_states_what_is_missing(sold: Visitor, person: People) -> None:
    british = person(Role.ANALYST, "UK")
    assert "No rows in these weeks" in british.get(PAGE).text
    assert british.get("/api/v1/pass-rates").get_json()["rows"] == []


@pytest.mark.parametrize("role", [Role.CLERK, Role.SALESPERSON])
@pytest.mark.parametrize("path", [PAGE, "/quality/pass-rates/IN/not-a-date", "/api/v1/pass-rates"])
def test_others_may_not_see_pass_rates(sold: Visitor, person: People, role: Role, path: str) -> None:
    assert person(role, "IN").get(path).status_code == 403


def test_an_analyst_sees_files_without_links(sold: Visitor, person: People) -> None:
    page = person(Role.ANALYST, "IN").get("/quality/pass-rates/IN/not-a-number?column=quantity&weeks=4").text
    assert "june.csv" in page
    assert "/uploads/" not in page
