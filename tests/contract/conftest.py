"""Contract tests: one suite a port, joined by every adapter in a few lines."""

import pytest

for port in ("clock", "document_store", "event_bus", "object_store", "sale_index", "warehouse"):
    pytest.register_assert_rewrite(f"{port}_contract")
for part in (
    "event_bus_suite",
    "event_bus_leases",
    "event_bus_failures",
    "event_bus_concurrency",
    "event_bus_exact",
    "object_store_packs",
    "object_store_writers",
    "totals_contract",
    "collection_contract",
):
    pytest.register_assert_rewrite(part)
