"""Pages of connectors: added by a form of the kind's settings, tested, run, paused and removed; each state in words."""

import re
from pathlib import Path

import pytest
from connectors import listed_kind
from connectors.connector_acts import NEW
from connectors.connector_source import Source
from shop_steps import Shop
from visitor import People, indian_file, indian_sale

from tillstream.adapters.local.clock import ManualClock
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.connectors import backfills, kind_table, records, run_history
from tillstream.model.permissions import Role

JUNE = {"key": "june/1", "file": "june.csv", "text": indian_file(*map(indian_sale, "123")).decode()}
ERROR = "no space is left"


def test_the_empty_list_offers_the_kinds(shop: Shop, source: Source) -> None:
    page = shop.boss.get("/connectors").text
    assert "No connectors yet" in page
    kinds = shop.boss.get("/new-connector").text
    for kind in kind_table.all_kinds():
        assert kind.about in page
        assert f'href="/new-connector/{kind.name}"' in kinds


def test_the_form_has_an_input_for_each_setting(shop: Shop) -> None:
    form = shop.boss.get("/new-connector/sql").text
    assert re.search(r'<textarea[^>]* id="setting-query"', form)
    assert "A SELECT with the columns of the contract" in form
    assert 'value="600"' in form, "the default"
    assert "env:TILLSTREAM_SOURCE_" in form
    assert '<option value="">By content</option>' in form
    assert "The token, or the password. A reference, never" in shop.boss.get("/new-connector/http_json").text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"name": ""}, "Enter a name."),
        ({"name": "Big Shop"}, "small letters, digits and hyphens"),
        ({"setting-list": ""}, "Enter “List”."),
        ({"setting-list": "sales.txt"}, "The list is a .json file."),
        ({"setting-password": "hunter2"}, "A credential is entered by reference"),
        ({"setting-order": "best"}, "Not a valid choice"),
        ({"contract": "XX"}, "Not a valid choice"),
    ],
)
def test_a_mistake_is_shown_at_its_input_and_nothing_is_stored(
    shop: Shop, source: Source, fields: dict[str, str], words: str
) -> None:
    answer = shop.boss.post(NEW, source.fields | fields)
    assert answer.status_code == 422
    (_, _, field) = answer.text.partition('class="field wrong"')
    assert words in field.partition("</div>")[0]
    assert records.find_connectors(shop.app.ports) == []


def test_settings_are_tested_before_they_are_saved(shop: Shop, source: Source) -> None:
    source.offer(JUNE)
    page = shop.boss.post(f"{NEW}/test", source.fields)
    assert (page.status_code, "1 items." in page.text) == (200, True)
    assert re.search(r"The test passed in \d+\.\d seconds\.", page.text)
    assert 'value="erp"' in page.text, "what was entered is still there"
    page = shop.boss.post(f"{NEW}/test", source.fields | {"setting-list": "/nowhere/x.json"})
    assert re.search(r"The test failed after \d+\.\d seconds\. There is no list /nowhere/x\.json\.", page.text)
    assert records.find_connectors(shop.app.ports) == []


def test_a_connector_is_added_and_run_and_what_it_brought_is_linked(shop: Shop, source: Source) -> None:
    source.offer(JUNE)
    source.add()
    page = shop.boss.get("/connectors/erp").text
    assert "Not run yet" in page
    assert "The beginning of the source." in page
    page = shop.boss.post("/connectors/erp/run", follow_redirects=True).text
    assert "Starts soon" in page
    assert 'data-poll="2"' in page
    source.run_due()
    (run,) = run_history.latest_runs(shop.app.ports, "erp")
    page = shop.boss.get("/connectors/erp").text
    assert f'<a href="/uploads/{run.batches[0]}">june.csv</a>' in page
    assert "1 item" in page
    assert "data-poll" not in page
    assert "On time" in shop.boss.get("/connectors").text
    assert shop.boss.get(f"/uploads/{run.batches[0]}").status_code == 200
    assert "Each file is read once" in page


def test_an_upload_that_is_not_imported_is_marked_on_the_page_of_its_connector(shop: Shop, source: Source) -> None:
    source.offer(JUNE | {"text": "a,b\n1,2\n"})
    source.add()
    source.run_due()
    assert re.search(r">june.csv</a> <span[^>]*>(Needs review|Rejected)</span>", shop.boss.get("/connectors/erp").text)


def test_a_failing_connector_is_shown_everywhere(shop: Shop, source: Source, person: People) -> None:
    source.add()
    source.fail(ERROR)
    source.run_due()
    page = shop.boss.get("/connectors/erp").text
    assert all(words in page for words in ("Failing", ERROR, "1 run failed in a row", "The beginning of the source."))
    assert ">nothing</td>" in page, "it is unclear whether there is something new"
    for path in ("/connectors", "/pipeline", "/completeness", "/expected-deliveries", "/dashboard/tiles/attention"):
        assert "/connectors/erp" in shop.boss.get(path).text, path
    assert "1, 1 late or failing" in shop.boss.get("/status").text
    assert "connector is late or failing</span>" in shop.boss.get("/uploads").text, "the count of the menu"
    clerk = person(Role.CLERK, "IN", login="kiran")
    assert "/connectors/erp" not in clerk.get("/completeness").text
    source.offer()
    shop.boss.post("/connectors/erp/run")
    source.run_due()
    assert "On time" in shop.boss.get("/connectors/erp").text


def test_a_late_connector_is_shown_with_its_lag(shop: Shop, source: Source, clock: ManualClock) -> None:
    source.add()
    source.run_due()
    clock.advance(46 * 60)
    page = shop.boss.get("/connectors/erp").text
    assert "Late" in page
    assert "46 minutes ago" in page


def test_the_day_of_a_region_names_its_connectors(shop: Shop, source: Source) -> None:
    source.offer(JUNE)
    source.add()
    source.run_due()
    page = shop.boss.get("/completeness/IN/2026-06-03").text
    assert "Files of IN come through the connector" in page
    assert "/connectors/erp" in page


def test_a_paused_connector_is_not_run(shop: Shop, source: Source) -> None:
    source.add()
    shop.boss.post("/connectors/erp/pause")
    source.run_due()
    assert run_history.latest_runs(shop.app.ports, "erp") == []
    assert "Paused" in shop.boss.get("/connectors/erp").text
    shop.boss.post("/connectors/erp/resume")
    source.run_due()
    assert len(run_history.latest_runs(shop.app.ports, "erp")) == 1


def test_a_position_is_shown_and_kept_by_an_edit(shop: Shop, source: Source) -> None:
    source.offer({"text": JUNE["text"]})
    source.add()
    source.run_due()
    assert "<dt>next</dt>" in shop.boss.get("/connectors/erp").text
    assert f'value="{source.path}"' in shop.boss.get("/connectors/erp/edit").text
    assert shop.boss.post("/connectors/erp/edit", source.fields | {"setting-list": "a.txt"}).status_code == 422
    changes = {"contract": "", "every_minutes": "60", "setting-order": "oldest"}
    assert shop.boss.post("/connectors/erp/edit", source.fields | changes).status_code == 303
    changed = records.get_connector(shop.app.ports, "erp")
    assert (changed.settings["order"], changed.contract, changed.every_minutes) == ("oldest", "", 60)
    page = shop.boss.get("/connectors/erp").text
    assert "every hour" in page
    assert "<dt>next</dt>" in page
    assert "1 items." in shop.boss.post("/connectors/erp/edit/test", source.fields).text
    assert "1 items." in shop.boss.post("/connectors/erp/test", follow_redirects=True).text


def test_the_page_shows_the_reference_of_a_credential_and_never_the_credential(
    shop: Shop, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TILLSTREAM_SOURCE_LIST", listed_kind.PASSWORD)
    source.add(**{"setting-password": "env:TILLSTREAM_SOURCE_LIST"})
    source.fail("wrong password")
    source.run_due()
    page = shop.boss.get("/connectors/erp").text + shop.boss.get("/connectors/erp/edit").text
    assert "env:TILLSTREAM_SOURCE_LIST" in page
    assert listed_kind.PASSWORD not in page


def test_a_removed_connector_is_gone(shop: Shop, source: Source) -> None:
    source.add()
    assert "No connectors yet" in shop.boss.post("/connectors/erp/remove", follow_redirects=True).text
    assert shop.boss.get("/connectors/erp").status_code == 404


def test_managers_see_those_of_their_regions_without_settings(shop: Shop, source: Source, person: People) -> None:
    source.add()
    source.add(name="all", contract="")
    manager = person(Role.MANAGER, "IN", login="maya")
    listing = manager.get("/connectors").text
    assert ["/connectors/erp" in listing, "/connectors/all" in listing] == [True, False]
    page = manager.get("/connectors/erp").text
    assert [words in page for words in ("Run now", str(source.path), "Remove")] == [False, False, False]
    assert manager.get("/connectors/all").status_code == 404
    assert person(Role.MANAGER, "UK", login="uma").get("/connectors/erp").status_code == 404


def test_the_list_is_searched_and_sorted(shop: Shop, source: Source) -> None:
    for name in ("alpha", "beta"):
        source.add(name=name)
    page = shop.boss.get("/connectors?sort=-name").text
    assert page.index("/connectors/beta") < page.index("/connectors/alpha")
    page = shop.boss.get("/connectors?q=alph").text
    assert ["/connectors/alpha" in page, "/connectors/beta" in page] == [True, False]
    assert "No results" in shop.boss.get("/connectors?q=zzz").text


def test_a_complete_backfill_has_no_lag_and_no_schedule(shop: Shop, tmp_path: Path) -> None:
    history = tmp_path / "history"
    history.mkdir()
    (history / "june.csv").write_bytes(indian_file(indian_sale("1")))
    result = COMMANDS["backfill"](shop.app, quiet, paths=[str(history)], contract="IN")
    assert result.code == 0, result
    (backfill,) = backfills.find_backfills(shop.app.ports)
    page = shop.boss.get(f"/connectors/{backfill.name}").text
    assert [words in page for words in ("Read to its end", "Lag", "Resume")] == [True, False, False]
    assert '<td data-label="Lag">–</td>' in shop.boss.get("/connectors").text


def test_what_an_interrupted_run_brought_is_not_recorded(shop: Shop, source: Source) -> None:
    source.add()
    run_id = run_history.new_run_id(shop.app.ports, "erp")
    run_history.save_run(shop.app.ports, run_id, run_history.ConnectorRun("erp", "2026-06-04T08:00:00+00:00"))
    run_history.note_interrupted(shop.app.ports, run_id)
    page = shop.boss.get("/connectors/erp").text
    assert '<td data-label="Brought">not recorded</td>' in page
