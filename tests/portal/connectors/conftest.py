from pathlib import Path

import pytest
from connectors import listed_kind
from connectors.connector_source import Source
from shop_steps import Shop


@pytest.fixture
def source(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    listed_kind.register(monkeypatch)
    created = Source(shop, tmp_path / "list.json")
    created.offer()
    return created
