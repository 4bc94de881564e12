"""What one does to add and change connectors, with the entry of the audit log that it leaves."""

from collections.abc import Callable

import pytest
from shop_steps import Shop
from unit.connectors.shelf import put_up

NEW = "/new-connector/shelf"
FIELDS = {"name": "erp", "contract": "IN", "every_minutes": "15", "setting-row": "2", "setting-order": "age"}
Act = Callable[[Shop], object]


def add(shop: Shop, **fields: str) -> None:
    answer = shop.boss.post(NEW, FIELDS | fields)
    assert answer.status_code == 303, answer.text


def _post(path: str, fields: dict[str, str] | None = None) -> Act:
    """Post to a connector, which is added before."""

    def act(shop: Shop) -> None:
        with pytest.MonkeyPatch.context() as patch:
            put_up(patch)
            add(shop)
            shop.boss.post(path, fields)

    return act


def _test_draft(shop: Shop) -> None:
    with pytest.MonkeyPatch.context() as patch:
        put_up(patch)
        shop.boss.post(f"{NEW}/test", FIELDS)


def _resume(path: str) -> Act:
    def act(shop: Shop) -> None:
        _post("/connectors/erp/pause")(shop)
        with pytest.MonkeyPatch.context() as patch:
            put_up(patch)
            shop.boss.post(path)

    return act


API, PAGE = "/api/v1/connectors/erp", "/connectors/erp"
CONNECTORS: dict[str, tuple[str, Act]] = {
    "connectors.add": ("connector.added", _post(f"{PAGE}/test")),
    "connectors.test_new": ("connector.tested", _test_draft),
    "connectors.test": ("connector.tested", _post(f"{PAGE}/test")),
    "connectors.test_change": ("connector.tested", _post(f"{PAGE}/edit/test", FIELDS)),
    "connectors.change": ("connector.changed", _post(f"{PAGE}/edit", FIELDS | {"setting-row": "3"})),
    "connectors.run": ("connector.run", _post(f"{PAGE}/run")),
    "connectors.pause": ("connector.paused", _post(f"{PAGE}/pause")),
    "connectors.resume": ("connector.resumed", _resume(f"{PAGE}/resume")),
    "connectors.remove": ("connector.removed", _post(f"{PAGE}/remove")),
    "api.run_connector": ("connector.run", _post(f"{API}/run")),
    "api.pause_connector": ("connector.paused", _post(f"{API}/pause")),
    "api.resume_connector": ("connector.resumed", _resume(f"{API}/resume")),
}
"""Endpoint → its entry in the audit log, and the act."""
