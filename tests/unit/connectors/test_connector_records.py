"""Connectors as admins add, change and remove them."""

import json

import pytest
from unit.connectors.connector_steps import Connected

from tillstream.app.source_access import source_access
from tillstream.connectors import kind_table, records, run_history, state
from tillstream.model.errors import NotFound, Rejected
from tillstream.records import audit_log


def test_a_connector_has_a_value_for_each_setting(connected: Connected) -> None:
    connector = connected.add()
    assert (
        records.find_connectors(connected.app.ports)
        == [connector]
        == [records.get_connector(connected.app.ports, "shop")]
    )
    assert connector.settings["order"] == "oldest"
    assert (connector.every_minutes, connector.is_paused, connector.created_by) == (15, False, "ana")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"list": ""}, "Enter a value: List"),
        ({"list": "list.txt"}, "is a .json file"),
        ({"order": "random"}, "Order is one of: oldest, newest"),
        ({"colour": "red"}, "has no setting colour"),
    ],
)
def test_settings_are_checked(connected: Connected, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        connected.add(**changes)
    assert records.find_connectors(connected.app.ports) == []


def test_a_credential_is_entered_by_reference_and_is_in_no_message(connected: Connected) -> None:
    with pytest.raises(Rejected, match="by reference") as error:
        connected.add(password="correct horse")
    assert "horse" not in str(error.value)


def test_names_kinds_and_contracts_are_checked(connected: Connected) -> None:
    for name in ("", "Shop", "a/b", "a" * 41, "-a"):
        with pytest.raises(Rejected, match="small letters"):
            connected.add(name)
    with pytest.raises(Rejected, match="no data source nowhere"):
        connected.add(contract="nowhere")
    connected.add()
    with pytest.raises(Rejected, match="already"):
        connected.add()


def test_a_change_keeps_the_cursor_and_is_audited(connected: Connected) -> None:
    connected.add()
    connected.offer({"text": "a"})
    connected.run()
    app = connected.app
    draft = connected.draft(contract="", order="newest")
    records.change_connector(app.ports, app.contracts, source_access(app), "shop", draft, "bo")
    assert records.get_connector(app.ports, "shop").settings["order"] == "newest"
    assert state.read_state(app.ports, "shop").cursor == {"next": 1}
    records.pause_connector(app.ports, "shop", "bo", is_paused=True)
    records.pause_connector(app.ports, "shop", "bo", is_paused=False)
    records.remove_connector(app.ports, "shop", "bo")
    assert [entry.what for entry in audit_log.find_by_subject(app.ports, "connector", "shop")] == [
        "connector.removed",
        "connector.resumed",
        "connector.paused",
        "connector.changed",
        "connector.run",
        "connector.added",
    ]


def test_reading_starts_again_if_a_setting_names_another_source(connected: Connected) -> None:
    app = connected.app
    connected.add(sheet="north")
    connected.offer({"text": "a"}, {"text": "b"})
    connected.run()
    assert state.read_state(app.ports, "shop").cursor == {"next": 2}
    records.change_connector(app.ports, app.contracts, source_access(app), "shop", connected.draft(sheet="south"), "bo")
    connected.offer({"text": "c"}, {"text": "b"})
    assert connected.run().items == 1
    connected.offer({"text": "c"}, {"text": "b"}, {"text": "d"})
    assert connected.run().items == 1
    assert len(connected.batches()) == 4


def test_each_kind_with_a_cursor_has_settings_that_name_what_it_is_of() -> None:
    """Those without are the kinds of files, and that of the web, which has a position for each address."""
    without = {
        kind.name for kind in kind_table.all_kinds() if not any(setting.resets_cursor for setting in kind.settings)
    }
    assert without == {"s3", "cloud_storage", "sftp", "local_folder", "filesystems", "web_files"}


def test_a_removed_connector_leaves_no_state(connected: Connected) -> None:
    connected.add()
    connected.run()
    ports = connected.app.ports
    records.remove_connector(ports, "shop", "ana")
    assert (records.find_connectors(ports), state.all_statuses(ports), run_history.latest_runs(ports, "shop")) == (
        [],
        {},
        [],
    )
    with pytest.raises(NotFound):
        connected.run()


def test_a_cursor_has_a_limit(connected: Connected) -> None:
    connected.add()
    state.begin_run(connected.app.ports, "shop", "shop:1")
    with pytest.raises(Rejected, match="at most"):
        state.save_progress(connected.app.ports, "shop", "shop:1", cursor={"x": "y" * 100_000})
    assert json.loads(json.dumps(state.read_state(connected.app.ports, "shop").cursor)) == {}
