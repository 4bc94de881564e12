"""Pages of connectors: added by a form of the kind's settings, tested, run, paused and removed; each state in words."""

import re
from collections.abc import Callable

import pytest
from connectors.connector_acts import FIELDS, NEW, add
from shop_steps import Shop
from unit.connectors.shelf import Shelf
from visitor import Visitor, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.connectors import records, runs
from tillstream.domain.people import Role

FILE = indian_file(*(indian_sale(str(number)) for number in range(3)))


def test_the_empty_list_offers_the_kinds(shop: Shop, shelf: Shelf) -> None:
    page = shop.boss.get("/connectors").text
    assert "No connectors yet" in page
    assert "Pulls the files of a shelf." in page
    assert f'href="{NEW}"' in shop.boss.get("/new-connector").text


def test_the_form_has_an_input_for_each_setting(shop: Shop, shelf: Shelf) -> None:
    form = shop.boss.get(NEW).text
    assert "The number of the row, for example 2." in form
    assert "env:TILLSTREAM_SOURCE_" in form
    assert re.search(r'<textarea[^>]* id="setting-note"', form)
    assert '<option selected value="name">' in form
    assert '<option value="">By content</option>' in form


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "Big Shop"}, "small letters, digits and hyphens"),
        ({"setting-row": ""}, "Enter “Row”."),
        ({"setting-row": "0"}, "shelves have rows from 1."),
        ({"setting-key": "hunter2"}, "A credential is entered by reference"),
        ({"contract": "XX"}, "Not a valid choice"),
    ],
)
def test_a_mistake_is_shown_at_its_input_and_nothing_is_stored(
    shop: Shop, shelf: Shelf, fields: dict[str, str], words: str
) -> None:
    answer = shop.boss.post(NEW, FIELDS | fields)
    assert answer.status_code == 422
    (_, _, field) = answer.text.partition('class="field wrong"')
    assert words in field.partition("</div>")[0]
    assert records.find(shop.app.ports) == []


def test_settings_are_tested_before_they_are_saved(shop: Shop, shelf: Shelf) -> None:
    shelf.files["a.csv"] = FILE
    page = shop.boss.post(f"{NEW}/test", FIELDS)
    assert (page.status_code, "The shelf has 1 files." in page.text) == (200, True)
    assert 'value="erp"' in page.text, "what was entered is still there"
    shelf.error = "The key does not fit. Enter another one."
    assert "The key does not fit." in shop.boss.post(f"{NEW}/test", FIELDS).text
    assert records.find(shop.app.ports) == []


def test_a_connector_is_added_run_and_what_it_brought_is_linked(
    shop: Shop, shelf: Shelf, run_due: Callable[[], None]
) -> None:
    shelf.files["june.csv"] = FILE
    add(shop)
    page = shop.boss.get("/connectors/erp").text
    assert "Not run yet" in page
    assert "The beginning of the source." in page
    assert "within a minute" in shop.boss.post("/connectors/erp/run", follow_redirects=True).text
    run_due()
    shop.work()
    (run,) = runs.latest(shop.app.ports, "erp")
    page = shop.boss.get("/connectors/erp").text
    assert f'<a href="/uploads/{run.batches[0]}">june.csv</a>' in page
    assert "1 item" in page
    assert "On time" in shop.boss.get("/connectors").text
    assert "june.csv" in shop.boss.get(f"/uploads/{run.batches[0]}").text


def test_a_failing_connector_is_shown_everywhere(
    shop: Shop, shelf: Shelf, person: Callable[..., Visitor], run_due: Callable[[], None]
) -> None:
    add(shop)
    shelf.error = "The key does not fit. Enter another one."
    run_due()
    page = shop.boss.get("/connectors/erp").text
    assert "Failing" in page
    assert shelf.error in page
    assert "1 run failed in a row" in page
    for path in ("/connectors", "/pipeline", "/completeness", "/dashboard/tiles/attention"):
        assert "/connectors/erp" in shop.boss.get(path).text, path
    assert "/connectors/erp" in shop.boss.get("/expected-deliveries").text
    assert "1, 1 late or failing" in shop.boss.get("/status").text
    clerk = person(Role.CLERK, "IN", login="kiran")
    assert "/connectors/erp" not in clerk.get("/completeness").text
    shelf.error = ""
    shop.boss.post("/connectors/erp/run")
    run_due()
    assert "On time" in shop.boss.get("/connectors/erp").text


def test_a_late_connector_is_shown(shop: Shop, shelf: Shelf, clock: ManualClock, run_due: Callable[[], None]) -> None:
    add(shop)
    run_due()
    clock.advance(46 * 60)
    page = shop.boss.get("/connectors/erp").text
    assert "Late" in page
    assert "46 minutes ago" in page


def test_a_paused_connector_is_not_run(shop: Shop, shelf: Shelf, run_due: Callable[[], None]) -> None:
    add(shop)
    shop.boss.post("/connectors/erp/pause")
    run_due()
    assert runs.latest(shop.app.ports, "erp") == []
    assert "Paused" in shop.boss.get("/connectors/erp").text
    shop.boss.post("/connectors/erp/resume")
    run_due()
    assert len(runs.latest(shop.app.ports, "erp")) == 1


def test_an_edit_keeps_the_place_and_changes_the_settings(
    shop: Shop, shelf: Shelf, run_due: Callable[[], None]
) -> None:
    add(shop)
    form = shop.boss.get("/connectors/erp/edit").text
    assert 'value="2"' in form
    assert shop.boss.post("/connectors/erp/edit", FIELDS | {"setting-row": "0"}).status_code == 422
    assert shop.boss.post("/connectors/erp/edit", FIELDS | {"setting-row": "3", "contract": ""}).status_code == 303
    changed = records.get(shop.app.ports, "erp")
    assert (changed.settings["row"], changed.contract) == ("3", "")
    assert "The shelf has 0 files." in shop.boss.post("/connectors/erp/edit/test", FIELDS).text


def test_the_page_of_a_connector_shows_the_reference_of_a_credential(shop: Shop, shelf: Shelf) -> None:
    add(shop, **{"setting-key": "env:TILLSTREAM_SOURCE_ERP"})
    assert "env:TILLSTREAM_SOURCE_ERP" in shop.boss.get("/connectors/erp").text


def test_a_removed_connector_is_gone(shop: Shop, shelf: Shelf) -> None:
    add(shop)
    assert "No connectors yet" in shop.boss.post("/connectors/erp/remove", follow_redirects=True).text
    assert shop.boss.get("/connectors/erp").status_code == 404


def test_managers_see_those_of_their_regions_without_settings(
    shop: Shop, shelf: Shelf, person: Callable[..., Visitor]
) -> None:
    add(shop, **{"setting-row": "77"})
    add(shop, name="all", contract="")
    manager = person(Role.MANAGER, "IN", login="maya")
    listing = manager.get("/connectors").text
    assert ["/connectors/erp" in listing, "/connectors/all" in listing] == [True, False]
    page = manager.get("/connectors/erp").text
    assert ["Run now" in page, "77" in page, "Remove" in page] == [False, False, False]
    assert manager.get("/connectors/all").status_code == 404
    assert person(Role.MANAGER, "UK", login="uma").get("/connectors/erp").status_code == 404


def test_the_list_is_searched_and_sorted(shop: Shop, shelf: Shelf) -> None:
    for name in ("alpha", "beta"):
        add(shop, name=name)
    page = shop.boss.get("/connectors?sort=-name").text
    assert page.index("/connectors/beta") < page.index("/connectors/alpha")
    page = shop.boss.get("/connectors?q=alph").text
    assert ["/connectors/alpha" in page, "/connectors/beta" in page] == [True, False]
    assert "No results" in shop.boss.get("/connectors?q=zzz").text
