"""A target of marts that is declared with its scheme is added, written when it is due, and shown."""

from pathlib import Path
from typing import Any

import pytest
from shop_steps import Shop

from tillstream.app import App, mart_destinations
from tillstream.app.mart_destinations import MartTarget
from tillstream.commands.registry import COMMANDS
from tillstream.commands.result import quiet
from tillstream.marts.state import MartState, read_state
from tillstream.model.errors import Rejected


def test_a_declared_target_is_added_and_written_when_it_is_due(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []

    def check(app: App, draft: Any) -> Any:
        if draft.format:
            raise Rejected("A shelf has no format.")
        return draft

    def write(app: App, destination: Any, progress: Any) -> MartState:
        (row,) = app.ports.warehouse.query("SELECT COUNT(*) AS lines FROM sale_facts").to_pylist()
        written.append((destination.to, row["lines"]))
        return read_state(app.ports.warehouse)[0]

    def run(command: str, /, **arguments: Any) -> Any:
        return COMMANDS[f"marts-destinations{command}"](shop.app, quiet, **arguments).data

    shop.upload()
    with monkeypatch.context() as added:
        added.setitem(mart_destinations.TARGETS, "shelf", MartTarget(check, write))
        with pytest.raises(Rejected, match="A shelf has no format"):
            run("-add", name="door", to="shelf://door", format="parquet")
        run("-add", name="door", to="shelf://door")
        (one,) = run("-run-due")
        assert (one["name"], one["error"], one["behind_settlements"]) == ("door", "", 0)
        assert written == [("shelf://door", 8)]
        assert run("-run-due") == []
        assert [one["to"] for one in run("")] == ["shelf://door"]
    (one,) = run("-run", name="door")
    assert "An export is written to a folder" in one["error"]
    run("-remove", name="door")
    with pytest.raises(Rejected, match="An export is written to a folder"):
        run("-add", name="door", to="shelf://door")
