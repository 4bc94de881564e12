"""Pages show the names of stores, salespeople and suppliers; the code is beside a name only to tell it apart."""

import io
import re
from typing import Any

import pytest
from visitor import Visitor, Work, indian_file, indian_sale

SHARED = True
LISTS = {
    "stores": "region,store_id,name\nIN,MUM01,Mumbai Central\nIN,DEL01,Delhi Gate\n",
    "salespeople": "region,salesperson_id,name,stores\nIN,R1,Pooja Mishra,MUM01\n",
    "suppliers": "code,name\nS-7,Kitchen Goods Ltd\n",
    "products": "code,name,category,supplier\nP1,Kettle,Kitchen,S-7\n",
    "promotions": "promotion_id,name,product,region,store_id,kind,rate,valid_from,valid_to\n"
    "HOT,Hot week,P1,IN,MUM01,discount,10%,2026-11-01,2026-12-11\n",
}


def imported(boss: Visitor, kind: str) -> None:
    data: dict[str, Any] = {"kind": kind, "file": (io.BytesIO(LISTS[kind].encode()), f"{kind}.csv")}
    page = boss.post(f"/catalogue/{kind}/import", data, content_type="multipart/form-data").text
    form = page.partition("/import/apply")[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
    fields.pop("csrf_token", None)
    assert boss.post(f"/catalogue/{kind}/import/apply", fields).status_code == 303


def sell(boss: Visitor, work: Work) -> None:
    earlier = indian_sale("2", "20.00", date="03-05-2026 10:00").replace("MUM01", "DEL01")
    boss.upload(indian_file(indian_sale("1", "100.10", date="03-06-2026 10:00"), earlier))
    work()
    for kind in LISTS:
        imported(boss, kind)


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.partition("<main")[2]).split())


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/sale-lines", "Mumbai Central MUM01"),
        ("/sales/MUM01/1?region=IN", "IN · Mumbai Central ·"),
        ("/completeness?view=month&day=2026-06-01&open=IN", "Mumbai Central"),
        ("/completeness/IN/2026-06-03?store=MUM01", "Mumbai Central, 3 Jun 2026"),
        ("/changes?since=2026-06-01&store=MUM01", "Store: Mumbai Central"),
        ("/catalogue/products", "Kitchen Goods Ltd"),
        ("/catalogue/promotions", "Kettle – IN Mumbai Central discount 10% 1 Nov 2026 11 Dec 2026"),
        ("/catalogue/salespeople", "Pooja Mishra R1 IN Mumbai Central"),
        ("/catalogue/products/entry?code=P1", "Kitchen Goods Ltd (S-7)"),
    ],
)
def test_a_page_shows_names_for_codes(sold: Visitor, address: str, shown: str) -> None:
    assert shown in text(sold.get(address).text)


def test_the_stores_behind_their_region_have_names(sold: Visitor) -> None:
    page = sold.get("/dashboard?whole=1&preset=all").text
    late = page.partition("Stores behind their region")[2].partition("</table>")[0]
    assert "Delhi Gate" in late
    assert ">DEL01<" not in late
