"""Where a sale comes from: search by any id, and the passport with each version, who told it and what became of it."""

import re

import pytest
from visitor import People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.ids import event_ids
from tillstream.model.permissions import Role
from tillstream.records import batch_records

SHARED = True
SELLER = Role.CLERK


def sell(clerk: Visitor, work: Work) -> None:
    """A sale that a second file corrected."""
    clerk.upload(indian_file(indian_sale("A1", "100.00"), indian_sale("A2", "5.00")), "first.csv")
    work()
    clerk.upload(indian_file(indian_sale("A1", "120.00")), "second.csv")
    work()


@pytest.fixture
def two_versions(sold: Visitor) -> tuple[Visitor, str, str]:
    """The clerk, and both batches."""
    batches = {one.file: one.batch_id for one in batch_records.find_batches(sold.app.ports)}
    return sold, batches["first.csv"], batches["second.csv"]


def test_a_sale_history_lists_each_version_and_its_sources(two_versions: tuple[Visitor, str, str]) -> None:
    clerk, first, second = two_versions
    page = clerk.get("/sales/MUM01/A1?region=IN").text
    assert "1 line counts" in page
    assert re.search(r"Net <del>.*100.*</del>.*<ins>.*120.*</ins>", page)
    for batch in (first, second):
        assert f'href="/uploads/{batch}"' in page
        assert f'href="/uploads/{batch}/lines/2"' in page
    assert 'href="/changes/1"' in page
    assert 'href="/changes/2"' in page
    assert event_ids(2, ["IN\x1fMUM01/A1\x1f1"])[0] in page
    assert "<b>clerk-in</b>" in page
    assert "MUM01/A2" not in page


@pytest.mark.own_home
def test_an_undo_is_in_the_sale_history(
    two_versions: tuple[Visitor, str, str], person: People, work: Work, app: App
) -> None:
    _, _, second = two_versions
    manager = person(Role.MANAGER, "IN")
    manager.post(f"/uploads/{second}/undo")
    work()
    page = manager.get("/sales/MUM01/A1").text
    assert "undone" in page
    assert 'href="/changes/3"' in page
    assert "undone by <b>manager-in</b>" in page
    assert re.search(r"Current</b>.*update 1<", page)


def test_rejected_rows_with_a_sale_id_are_in_its_sale_history(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    good = [indian_sale(f"A{number}") for number in range(2, 11)]
    clerk.upload(indian_file(*good, indian_sale("A1", "ten")), "bad.csv")
    work()
    page = clerk.get("/sales/MUM01/A1?region=IN").text
    assert "Not a number" in page
    assert "Not counted" in page


def test_search_finds_sales_products_customers_and_uploads(two_versions: tuple[Visitor, str, str]) -> None:
    clerk, first, _ = two_versions
    answer = clerk.get("/search?q=MUM01/A1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sales/MUM01/A1?region=IN"
    assert "Kettle" in clerk.get("/search?q=kettle").text
    assert "MUM01/A2" in clerk.get("/search?q=asha").text
    assert f'href="/uploads/{first}"' in clerk.get("/search?q=FIRST").text
    assert "first.csv" in clerk.get(f"/search?q={first}").text
    nothing = clerk.get("/search?q=%25").text
    assert "Nothing that you can access" in nothing, "a percent sign is no wildcard"
    assert "Show all" not in nothing, "there is no list of everything"


def test_what_belongs_to_others_is_neither_found_nor_shown(
    two_versions: tuple[Visitor, str, str], person: People
) -> None:
    others = [
        person(Role.MANAGER, "USA"),
        person(Role.SALESPERSON, "IN", salesperson="S9"),
        person(Role.ANALYST, "USA"),
    ]
    for other in others:
        assert other.get("/sales/MUM01/A1?region=IN").status_code == 404
        assert other.get("/sales/MUM01/A1").status_code == 302
        for text in ("A1", "kettle", "asha", "first.csv"):
            page = other.get(f"/search?q={text}").text
            assert "MUM01" not in page
            assert "/uploads/" not in page.replace("/uploads/dry-run", "")


def test_an_analyst_sees_no_person_and_no_upload_in_a_sale_history(
    two_versions: tuple[Visitor, str, str], person: People
) -> None:
    analyst = person(Role.ANALYST)
    page = analyst.get("/sales/MUM01/A1?region=IN").text
    assert "120" in page
    for hidden in ("Asha", "S1<", "C1<", "first.csv", "clerk-in"):
        assert hidden not in page
    assert "Asha" not in analyst.get("/search?q=asha").text.replace("“asha”", "")
