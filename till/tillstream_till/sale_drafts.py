"""The message of a sale before it is stored: completed, checked, and encoded."""

import json
from datetime import datetime
from typing import Any

from tillstream_till import schema_check
from tillstream_till.errors import InvalidSale
from tillstream_till.outbox.messages import SALE, Draft
from tillstream_till.sale_facts import facts_of, time_warnings
from tillstream_till.setup_code import Setup

FIRST_VERSION = 1


def draft_of(sale: Any, setup: Setup) -> Draft:
    """Return the message of a sale without storing it. Raises `InvalidSale`."""
    is_first = isinstance(sale, dict) and "version" not in sale
    if isinstance(sale, dict):
        own = {"schema": "store-sale/1", "region": setup.region, "store_id": setup.store_id, "version": FIRST_VERSION}
        sale = {name: value for name, value in own.items() if name not in sale} | sale
    problems = schema_check.problems(sale) or [
        f"{name}: this till belongs to {value}"
        for name, value in (("region", setup.region), ("store_id", setup.store_id))
        if sale[name] != value
    ]
    if problems:
        raise InvalidSale(problems)
    payload = json.dumps(sale, ensure_ascii=False, separators=(",", ":")).encode()
    if len(payload) > schema_check.MAX_MESSAGE_BYTES:
        raise InvalidSale([f"message: has {len(payload):,} bytes; {schema_check.MAX_MESSAGE_BYTES:,} are the most"])
    facts = facts_of(sale, setup.cutoff)
    warnings = time_warnings(facts.number, sale["sold_at"], datetime.now().astimezone())
    return Draft(SALE, facts.number, facts.version, payload, facts, is_first=is_first, warnings=warnings)
