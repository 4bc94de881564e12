"""IDs that are numbers: decimal zeros behind them are not a part of them, in this file or in another one."""

import io

from tillstream.detection import propose
from tillstream.detection.propose import Proposal

ANSWERS = {"region": "North", "country": "-", "currency": "EUR", "amount": "net", "time_zone": "UTC"}
ROWS = [(451, "TEA", 1), (451, "MUG", 2), (452, "TEA", 3), (453, "TEA", 1), (453, "BOWL", 1)]


def proposal(header: str, rows: list[str], **answers: str) -> Proposal:
    return propose(io.BytesIO("\n".join([header, *rows, ""]).encode()), name="shop", answers=ANSWERS | answers)


def test_numbers_are_whole_in_the_contract_however_this_file_writes_them() -> None:
    for sale, end in ((".0", ","), ("", ","), (",0", ";")):
        sign = sale[:1] or "."
        rows = [f"{no}{sale}{end}2026-03-14{end}{sku}{end}{units}{end}12{sign}50" for no, sku, units in ROWS]
        proposed = proposal(end.join(("Receipt", "Date", "SKU", "Qty", "Price")), rows)
        assert proposed.contract["columns"]["sale_id"] == "Receipt"
        assert proposed.contract["identity"]["whole_numbers"] == ["sale_id"], "not those of products, which are words"


def test_numbers_are_whole_in_the_contract_if_only_some_have_zeros_behind_them() -> None:
    rows = [f"{no}{'.0' * (no % 2)},2026-03-14,{sku},{units},12.50" for no, sku, units in ROWS]
    proposed = proposal("Receipt,Date,SKU,Qty,Price", rows)
    assert proposed.contract["identity"]["whole_numbers"] == ["sale_id"]


def test_amounts_without_cents_are_no_sale_numbers_although_their_name_is_like_one() -> None:
    """The same amount comes again elsewhere, that of a sale number only in the next rows."""
    sold = zip("ABACBA", (1, 1, 1, 2, 1, 1), (25, 30, 25, 60, 30, 25), strict=True)
    rows = [f"2026-03-14,{sku},{units},{amount}.00" for sku, units, amount in sold]
    assert "sale_id" not in proposal("Date,SKU,Qty,Order", rows, identity="content").contract["columns"]
