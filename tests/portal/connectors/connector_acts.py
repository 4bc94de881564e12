"""What one does to add and change connectors, with the entry of the audit log that it leaves."""

from collections.abc import Callable

import pytest
from connectors import listed_kind
from shop_steps import Shop

NEW = "/new-connector/listed"
FIELDS = {"name": "erp", "contract": "IN", "every_minutes": "15", "setting-list": "/nowhere/list.json"}
FIELDS |= {"setting-order": "newest"}
Act = Callable[[Shop], object]


def _post(*paths: str, **fields: str) -> Act:
    """Add a connector, and post to addresses of it."""

    def act(shop: Shop) -> None:
        with pytest.MonkeyPatch.context() as patch:
            listed_kind.register(patch)
            shop.boss.post(NEW, FIELDS)
            for path in paths:
                shop.boss.post(path, FIELDS | fields)

    return act


API, PAGE = "/api/v1/connectors/erp", "/connectors/erp"
CONNECTORS: dict[str, tuple[str, Act]] = {
    "connectors.add": ("connector.added", _post()),
    "connectors.test_new": ("connector.tested", _post(f"{NEW}/test")),
    "connectors.test": ("connector.tested", _post(f"{PAGE}/test")),
    "connectors.test_change": ("connector.tested", _post(f"{PAGE}/edit/test")),
    "connectors.change": ("connector.changed", _post(f"{PAGE}/edit", every_minutes="60")),
    "connectors.run": ("connector.run", _post(f"{PAGE}/run")),
    "connectors.pause": ("connector.paused", _post(f"{PAGE}/pause")),
    "connectors.resume": ("connector.resumed", _post(f"{PAGE}/pause", f"{PAGE}/resume")),
    "connectors.remove": ("connector.removed", _post(f"{PAGE}/remove")),
    "api.run_connector": ("connector.run", _post(f"{API}/run")),
    "api.pause_connector": ("connector.paused", _post(f"{API}/pause")),
    "api.resume_connector": ("connector.resumed", _post(f"{API}/pause", f"{API}/resume")),
}
"""Endpoint → its entry in the audit log, and the act."""
