"""A sale index in memory keeps the SaleIndex contract."""

import pytest
from sale_index_contract import SaleIndexContract

from tillstream.adapters.local.sale_index import MemorySaleIndex


class TestMemorySaleIndex(SaleIndexContract):
    @pytest.fixture
    def index(self) -> MemorySaleIndex:
        return MemorySaleIndex()
