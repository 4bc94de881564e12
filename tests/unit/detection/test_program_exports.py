"""Exports of known programs are recognised by their headers."""

import io

import pytest

from tests.strangers.registry import cases
from tillstream.detection import Proposal, propose
from tillstream.detection.columns.column_roles import NUMERIC_ROLES
from tillstream.detection.exports.export_programs import ProgramExport, program_exports, recognise_export
from tillstream.detection.words.status_words import STATUSES
from tillstream.model.columns import IGNORE
from tillstream.model.contract import MAPPABLE_COLUMNS, parse_contract
from tillstream.pipeline.matching.match_contract import sample_original

LINES = "Lineitem quantity,Lineitem name,Lineitem price,Lineitem discount"
ORDERS = f"""Name,Financial Status,Currency,Subtotal,Created at,{LINES}
#1,paid,USD,20.00,2026-02-03 22:10:00 -0800,2,Mug,12.50,5.00
#1,,,,2026-02-03 22:10:00 -0800,1,Tea,7.95,0.00
#2,voided,USD,7.95,2026-02-04 09:10:00 -0800,1,Tea,7.95,0.00
"""
AMAZON = "amazon-order-id\tpurchase-date\torder-status\tsku\tquantity\titem-price\titem-promotion-discount\n" + "".join(
    f"302-{number}\t2026-02-{number:02}T10:00:00+00:00\tShipped\tA\t2\t20.00\t3.00\n" for number in range(1, 13)
)


def detected(text: str, **answers: str) -> Proposal:
    return propose(io.BytesIO(text.encode()), name="x", answers=answers)


@pytest.mark.parametrize("export", program_exports(), ids=lambda export: export.name)
def test_a_program_export_maps_columns_of_a_sale_line_and_gives_valid_answers(export: ProgramExport) -> None:
    assert set(export.columns) <= MAPPABLE_COLUMNS | {"amount"}
    assert {*export.status.values(), *export.status_with_refunds.values()} <= {*STATUSES, IGNORE}
    assert set(export.factors) <= NUMERIC_ROLES
    assert export.evidence.startswith("the columns are those of ")
    for signature in export.signature:
        assert recognise_export(signature) is export


def test_each_program_export_is_that_of_a_file_of_strangers() -> None:
    samples = (sample_original(lambda case=case: io.BytesIO(case.build())) for case in cases().values())  # type: ignore[misc]
    recognised = {export.name for one in samples if one and (export := recognise_export(one.sheet.names))}
    assert recognised == {export.name for export in program_exports()}


def test_a_program_export_leaves_only_region_country_and_time_zone_open() -> None:
    proposal = detected(ORDERS)
    assert [question.key for question in proposal.questions] == ["region", "country", "time_zone"]
    contract = parse_contract(proposal.contract)
    assert contract.columns["sale_id"] == "Name"
    assert contract.file.fill_down == ("Financial Status", "Currency")
    assert contract.file.fill_down_within == "Name"
    assert contract.status.words == {"paid": "completed", "voided": "cancelled"}
    assert "Subtotal" not in contract.columns.values()


def test_the_evidence_names_the_export() -> None:
    about = {finding.about: finding.evidence for finding in detected(ORDERS).findings}
    assert about["column.sale_id"] == about["source"] == "the columns are those of Shopify's orders export"


def test_answers_of_a_person_take_precedence_over_a_program_export() -> None:
    answers = {"column.product_name": "-", "status.paid": "pending", "column.date": "Created at"}
    proposal = detected(ORDERS, **answers)
    assert "product_name" not in proposal.contract["columns"]
    assert proposal.contract["status"]["words"]["paid"] == "pending"
    assert {finding.evidence for finding in proposal.findings if finding.about == "column.date"} == {"answered"}


def test_a_column_that_a_person_gives_another_role_is_not_used_twice() -> None:
    columns = detected(ORDERS, **{"column.category": "Lineitem name"}).contract["columns"]
    assert columns["category"] == "Lineitem name"
    assert "product_name" not in columns


def test_a_discount_is_subtracted_from_the_price_of_the_whole_line() -> None:
    contract = parse_contract(detected(AMAZON, region="US", country="US", currency="USD", amount="net").contract)
    assert contract.amounts.less_discount
    assert (contract.columns["net_amount"], contract.columns["discount"]) == ("item-price", "item-promotion-discount")


def test_refunds_of_shopify_orders_are_a_part_of_the_total_of_the_order() -> None:
    """A refund contains tax and shipping: all lines of its order fall in the proportion of the refund to the total."""
    header, *rows = ORDERS.splitlines()
    rows[0] = rows[0].replace("paid", "partially_refunded")
    sums = ("15.75,31.50", ",", "0.00,7.95")
    orders = "\n".join([f"{header},Refunded Amount,Total", *map("{},{}".format, rows, sums)])
    answers = {"region": "Web", "country": "US", "time_zone": "UTC"}
    contract = parse_contract(detected(orders, **answers).contract)
    assert contract.amounts.refunded == {"Refunded Amount": "Total"}
    assert {"Refunded Amount", "Total"} <= set(contract.file.fill_down)
    assert contract.status.words["partially_refunded"] == "completed"
    declined = detected(orders, **answers, **{"subtract.Refunded Amount": "no"}).contract
    assert "amounts" not in declined
    without = detected("\n".join([header, *rows]), **answers)
    assert [question.key for question in without.questions] == ["status"]


def test_headers_of_a_signature_are_compared_without_case_and_currency() -> None:
    names = ("datum", "TID", "Kvittonummer", "Namn", "Antal", "Pris (EUR)", "Moms (EUR)", "Slutpris (EUR)", "Rabatt")
    export = recognise_export(names)
    assert export is not None
    assert export.name == "Zettle raw data report"


def test_a_file_without_one_of_the_headers_is_no_program_export() -> None:
    assert recognise_export(("Name", "Financial Status", "Created at", "Lineitem quantity", "Lineitem name")) is None


def test_the_type_of_a_paypal_row_decides_with_its_status() -> None:
    header = "Date,Time,TimeZone,Type,Status,Currency,Gross,Fee,Net,Transaction ID"
    kinds = ("Website Payment", "General Currency Conversion", "Bill Payment")
    rows = [f"02/{n + 13}/2026,10:00:00,PST,{kind},Completed,USD,10.00,0.00,10.00,T{n}" for n, kind in enumerate(kinds)]
    proposal = propose(io.BytesIO("\n".join([header, *rows, ""]).encode()), name="x")
    (question,) = (one for one in proposal.questions if one.key == "status")
    assert {use.word: use.meaning for use in question.table} == {
        "Website Payment / Completed": "completed",
        "General Currency Conversion / Completed": "ignore",
        "Bill Payment / Completed": "",
    }


def discounted(subtotals: tuple[str, str]) -> str:
    """Two orders of a mug for 12.50 and 3.00 off each, with these subtotals."""
    header = f"Name,Financial Status,Currency,Subtotal,Discount Amount,Created at,{LINES}\n"
    rows = (
        f"#{number},paid,USD,{subtotal},3.00,2026-02-0{number} 22:10:00 -0800,1,Mug,12.50,0.00\n"
        f"#{number},,,,,2026-02-0{number} 22:10:00 -0800,1,Tea,7.95,0.00\n"
        for number, subtotal in enumerate(subtotals, 1)
    )
    return header + "".join(rows)


def test_a_discount_of_the_order_is_subtracted_once_if_its_subtotal_is_less_by_it() -> None:
    assert detected(discounted(("17.45", "17.45"))).contract["amounts"]["add"] == {"discount": ["Discount Amount"]}
    assert "amounts" not in detected(discounted(("20.45", "20.45"))).contract
    keys = [question.key for question in detected(discounted(("17.45", "20.45"))).questions]
    assert "subtract.Discount Amount" in keys


def test_one_discount_in_a_short_file_is_subtracted_as_well() -> None:
    text = discounted(("17.45", "20.45")).replace("20.45,3.00", "20.45,0.00").replace("#2", "#3", 1)
    assert detected(text).contract["amounts"]["add"] == {"discount": ["Discount Amount"]}
