"""Rows of files of stock movements: what cells mean, and the problems of those that cannot be recorded."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sheet_files import xlsx

from tillstream.model.errors import Rejected
from tillstream.stock import movement_import
from tillstream.stock.movement_columns import KIND_WORDS, MovementDefaults, word_of
from tillstream.stock.movement_import import MovementPlan, MovementReader, StockCodes
from tillstream.stock.movements import DayPart, MovementKind, MovementLine, movement_problem

TODAY = date(2026, 11, 26)
STORES = {("UK", "LDN1"): "London", ("UK", "YRK1"): "York", ("FR", "PAR1"): "Paris", ("FR", "YRK1"): ""}
PRODUCTS = {
    ("*", "KET"): ("KET", "Kettle"),
    ("*", "4006381333931"): ("KET", "Kettle"),
    ("UK", "TEA"): ("TEA", "Tea"),
    ("*", "POT1"): ("POT1", "Pot"),
    ("*", "POT2"): ("POT2", "Pot"),
}


def plan_of(text: str | bytes, kind: MovementKind = MovementKind.COUNT, *, only: str = "") -> MovementPlan:
    codes = StockCodes(STORES, PRODUCTS, lambda _region, store: not only or store == only)
    reader = MovementReader(codes, MovementDefaults(TODAY, kind), lambda _region, _store: "Europe/London", TODAY)
    return movement_import.plan_movements(
        reader.read(text if isinstance(text, bytes) else text.encode()), DayPart.BEFORE_OPENING
    )


def only_line(text: str, kind: MovementKind = MovementKind.COUNT) -> MovementLine:
    plan = plan_of(text, kind)
    assert list(plan.problems()) == []
    ((line,),) = (one.lines for one in plan.movements)
    return line


def messages(text: str, kind: MovementKind = MovementKind.COUNT) -> list[tuple[int, str, str]]:
    return [(one.line, one.column, one.message) for one in plan_of(text, kind).problems()]


def test_a_file_without_types_and_days_has_those_of_the_defaults() -> None:
    (movement,) = plan_of("branch;sku;qty\nLDN1;KET;5\n").movements
    assert (movement.kind, movement.region, movement.store_id) == (MovementKind.COUNT, "UK", "LDN1")
    assert (movement.stock_date, movement.day_part) == (TODAY, DayPart.BEFORE_OPENING)
    assert movement.lines == (MovementLine("KET", Decimal(5)),)
    assert movement_problem(movement) == ""


@pytest.mark.parametrize("written", ["KET", "ket", "Kettle", "4006381333931"])
def test_a_product_is_named_by_its_code_a_barcode_or_its_name(written: str) -> None:
    assert only_line(f"store,product,qty\nLondon,{written},1\n").product_id in {"KET", "4006381333931"}


@pytest.mark.parametrize(
    ("written", "at"),
    [
        ("2026-11-20", None),
        ("2026-11-20 14:30", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2026-06-20T14:30:05", datetime(2026, 6, 20, 13, 30, 5, tzinfo=UTC)),
        ("2026-11-20 2:30 PM", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2026-11-20T14:30:00+05:30", datetime(2026, 11, 20, 9, 0, tzinfo=UTC)),
        ("2026-11-20T14:30:00Z", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
    ],
)
def test_days_can_have_a_time_in_the_zone_of_the_store(written: str, at: datetime | None) -> None:
    assert only_line(f"store,product,qty,date\nLDN1,KET,1,{written}\n").occurred_at == at


def test_a_time_in_a_column_of_its_own_is_of_the_day() -> None:
    line = only_line("store,product,qty,date,time\nLDN1,KET,1,2026-06-20,9:05\n")
    assert line.occurred_at == datetime(2026, 6, 20, 8, 5, tzinfo=UTC)


def test_rows_of_one_product_in_a_count_add_up_also_under_other_codes() -> None:
    plan = plan_of("store,product,qty,time\nLDN1,KET,2,09:00\nLDN1,TEA,1,\nLDN1,4006381333931,3,09:20\n")
    (movement,) = plan.movements
    assert {(one.product_id, one.quantity) for one in movement.lines} in (
        {("KET", Decimal(5)), ("TEA", Decimal(1))},
        {("4006381333931", Decimal(5)), ("TEA", Decimal(1))},
    )
    assert plan.added_up == 1
    assert max(one.occurred_at for one in movement.lines if one.occurred_at) == datetime(
        2026, 11, 26, 9, 20, tzinfo=UTC
    )


def test_rows_of_other_kinds_stay_lines_of_their_own() -> None:
    (movement,) = plan_of("store,product,qty\nLDN1,KET,2\nLDN1,KET,2\n", MovementKind.RECEIPT).movements
    assert [one.quantity for one in movement.lines] == [Decimal(2), Decimal(2)]


def test_each_kind_has_its_words() -> None:
    assert {KIND_WORDS[word_of(text)] for text in ("Goods in", "RECEIVED", "delivery")} == {MovementKind.RECEIPT}
    assert KIND_WORDS[word_of("Write off")] is MovementKind.WRITE_OFF
    assert KIND_WORDS[word_of("Return to supplier")] is MovementKind.SUPPLIER_RETURN
    transfer = "store,product,qty,type,reference,to store\nLDN1,KET,2,Transfer out,T1,York\n"
    (movement,) = plan_of(transfer).movements
    assert (movement.kind, movement.other_store, movement_problem(movement)) == (MovementKind.TRANSFER_OUT, "YRK1", "")


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        (",KET,1,,,,", "store", "The row has no store."),
        ("LDN2,KET,1,,,,", "store", "There is no store “LDN2”. Did you mean LDN1?"),
        ("YRK1,KET,1,,,,", "store", "“YRK1” can be several stores: FR/YRK1, UK/YRK1."),
        ("LDN1,,1,,,,", "product", "The row has no product."),
        ("LDN1,KEY,1,,,,", "product", "There is no product “KEY”. Did you mean KET?"),
        ("PAR1,TEA,1,,,,", "product", "There is no product “TEA”."),
        ("LDN1,Pot,1,,,,", "product", "“Pot” can be several products: POT1, POT2."),
        ("LDN1,KET,,,,,", "quantity", "The row has no quantity."),
        ("LDN1,KET,five,,,,", "quantity", "“five” is not a number."),
        ("LDN1,KET,-1,,,,", "quantity", "The quantity must not be negative."),
        ("LDN1,KET,0,,receipt,,", "quantity", "The quantity must not be 0."),
        ("LDN1,KET,40063813,,,,", "quantity", "40063813 is not below 10,000,000."),
        ("LDN1,KET,1,20/11/2026,,,", "date", "“20/11/2026” is not a day."),
        ("LDN1,KET,1,2026-02-30,,,", "date", "“2026-02-30” is not a day."),
        ("LDN1,KET,1,2026-11-20 25:00,,,", "date", "“2026-11-20 25:00” is not a day."),
        ("LDN1,KET,1,2026-12-24,,,", "date", "2026-12-24 is in the future."),
        ("LDN1,KET,1,,teleported,,", "type", "“teleported” is not a type of movement."),
        ("LDN1,KET,1,,write-off,,", "reason", "Write-offs and adjustments need a reason."),
        ("LDN1,KET,1,,write-off,boredom,", "reason", "“boredom” is not a reason."),
        ("LDN1,KET,1,,transfer-in,,", "reference", "The row needs a reference."),
        ("LDN1,KET,1,2026-03-29 01:30,,,", "time", "This time does not exist in the time zone of the store: clocks"),
    ],
)
def test_a_problem_has_its_line_column_and_remedy(row: str, column: str, message: str) -> None:
    plan = plan_of(f"store,product,qty,date,type,reason,reference\n{row}\nLDN1,KET,1,,,,\n")
    problems = [one for one in plan.problems() if one.column == column]
    assert problems[0].line == 2
    assert problems[0].message.startswith(message)
    assert problems[0].remedy
    assert (plan.rows, plan.good, plan.refused) == (2, 1, 1)


def test_the_stock_of_other_stores_is_not_changed_and_their_names_are_not_suggested() -> None:
    plan = plan_of("store,product,qty\nYRK1,KET,1\nLDN1,KET,1\nPAR2,KET,1\n", only="LDN1")
    assert [(one.line, one.message) for one in plan.problems()][:1] == [
        (2, "“YRK1” can be several stores: FR/YRK1, UK/YRK1.")
    ]
    assert "PAR1" not in str(list(plan.problems()))
    assert [one.store_id for one in plan.movements] == ["LDN1"]
    refused = plan_of("region,store,product,qty\nUK,YRK1,KET,1\n", only="LDN1")
    assert [one.message for one in refused.problems()] == ["You cannot change the stock of this store."]


def test_the_refused_rows_are_a_file_that_can_be_corrected() -> None:
    plan = plan_of("SKU;Branch;Qty\nKET;LDN1;x\nTEA;LDN1;2\nNO;LDN1;-3\n")
    header, *rows = csv.reader(io.StringIO("".join(plan.refused_rows()).removeprefix("\ufeff")))
    assert header[:4] == ["product", "store", "quantity", "_line"]
    assert [row[:4] for row in rows] == [["KET", "LDN1", "x", "2"], ["NO", "LDN1", "'-3", "4"]]
    corrected = "".join(plan.refused_rows()).replace(",x,", ",5,").replace("NO", "TEA").replace("'-3", "3")
    again = plan_of(corrected)
    assert (again.good, again.refused) == (2, 0)
    assert set(again.ignored_headers) == {"_line", "_column", "_problem", "_what_to_do"}


def test_a_workbook_has_the_same_rows() -> None:
    text = "store,product,qty\nLDN1,KET,5\n"
    workbook = xlsx([["store", "product", "qty"], ["LDN1", "KET", 5]])
    assert plan_of(workbook).movements == plan_of(text).movements


@pytest.mark.parametrize("text", ["store,qty\nLDN1,1\n", "store,product\nLDN1,KET\n", ""])
def test_a_file_without_products_or_quantities_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        plan_of(text)
