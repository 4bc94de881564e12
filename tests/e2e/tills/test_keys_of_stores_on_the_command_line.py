"""`tillstream stores`: the keys of a store from its first one to its last, in processes of their own."""

from typing import Any

import pytest

from tillstream_till.setup_code import decode


def test_a_till_is_connected_replaced_and_revoked(run: Any, run_text: Any) -> None:
    code, made = run("stores", "connect", "UK", "LON1", "--till", "front", "--url", "https://sales.example.com/")
    assert (code, made["kind"], made["till"]) == (0, "key", "front")
    setup = decode(made["setup_code"])
    assert (setup.url, setup.store_id, setup.key) == ("https://sales.example.com", "LON1", made["id"])
    replaced = run("stores", "replace", made["id"])[1]
    assert (decode(replaced["setup_code"]).key, replaced["id"] == made["id"]) == (replaced["id"], False)
    listed = run("stores", "list", "--store", "LON1")[1]
    assert sorted((one["kind"], one["state"]) for one in listed) == [("key", "active")] * 2 + [("token", "active")] * 2
    assert "private" not in str(listed)
    assert run("stores", "list", "--region", "IN") == (0, [])
    assert run("stores", "accept-unsigned", "UK", "LON1")[0] == 1, "its keys are valid"
    for one in listed:
        assert run("stores", "revoke", one["id"])[1]["state"] == "revoked"
    text = run_text("stores", "list")[1]
    assert f"{made['id']} · key of UK/LON1 · front · revoked" in text
    assert "by command line, last used never" in text
    accepted = run("stores", "accept-unsigned", "UK", "LON1")
    assert (accepted[0], accepted[1]["unsigned_by"]) == (0, "command line")


@pytest.mark.parametrize(
    "arguments",
    [("connect", "XX", "LON1"), ("revoke", "0" * 12), ("replace", "0" * 12), ("accept-unsigned", "UK", "LON1")],
)
def test_what_does_not_exist_is_refused(run_text: Any, arguments: tuple[str, ...]) -> None:
    code, text = run_text("stores", *arguments)
    assert code == 1
    assert "There is no " in text or "LON1 in UK has no key." in text
