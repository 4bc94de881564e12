"""Regions of shipped contracts that nothing uses are in no list of regions."""

import re

import pytest
from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Role

UNUSED = ("UK", "USA", "BR", "Supermarket", "Walmart")


@pytest.mark.parametrize(
    "page",
    [
        "/annotations",
        "/reports",
        "/goals/edit",
        "/tokens",
        "/invite",
        "/stores",
        "/catalogue/regions",
        "/catalogue/stores",
        "/catalogue/stores/new",
        "/expected-deliveries",
    ],
)
def test_a_page_lists_only_regions_in_use(person: People, work: Work, page: str) -> None:
    boss = person(Role.ADMIN)
    boss.upload(indian_file(indian_sale("1")))
    work()
    answer = boss.get(page)
    assert answer.status_code == 200
    for region in UNUSED:
        assert not re.search(rf'(value="|>\s*){region}["<]', answer.text), region


def test_a_message_lists_only_regions_in_use_and_other_ones_are_accepted(app: App, person: People, work: Work) -> None:
    person(Role.ADMIN).upload(indian_file(indian_sale("1")))
    work()
    with pytest.raises(Rejected, match=r"^There is no region Mars\. The regions are IN\.$"):
        app.contracts.check_regions(["UK", "Mars"])
