"""How many modules the request of one tile enters: what a reader of that path has to open."""

import house_figures as house
from visitor import Visitor, Work, indian_file, indian_sale

MODULES = 30
"""The most; a change may lower it."""


def sell(admin: Visitor, work: Work) -> None:
    admin.upload(indian_file(indian_sale(1, "01-04-2026"), indian_sale(2, "02-05-2026")))
    work()


def test_a_tile_enters_few_modules(sold: Visitor) -> None:
    answers = [sold.get("/dashboard/tiles/by-store")]
    entered = house.entered(lambda: answers.append(sold.get("/dashboard/tiles/by-store?sort=change")))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert 10 < len(entered) <= MODULES, sorted(entered)
