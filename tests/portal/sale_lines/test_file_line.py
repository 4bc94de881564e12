"""The line of the file that a sale line came from, whatever the format, and however long the file."""

import json
from collections.abc import Callable
from io import BytesIO

import pytest
from sheet_files import xlsx
from visitor import HEADER, People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.errors import NotFound
from tillstream.model.messages import store_sale_schema
from tillstream.model.permissions import Role
from tillstream.people import store_credentials
from tillstream.receipts.source_line import RowInContext, find_row
from tillstream.records import batch_records


@pytest.fixture
def line_of(app: App) -> Callable[[str, int], RowInContext]:
    return lambda batch, line: find_row(app.ports, batch_records.get_batch(app.ports, batch), line)


def test_a_line_is_shown_between_its_neighbours(
    person: People, work: Work, line_of: Callable[[str, int], RowInContext]
) -> None:
    rows = [indian_sale(str(number)) for number in range(1, 21)]
    batch = person(Role.ADMIN).upload(indian_file(*rows))
    work()
    context = line_of(batch, 12)
    assert (context.row.line, context.row.row, context.row.raw) == (12, 11, rows[10])
    assert context.row.cells["Invoice No"] == "11"
    assert [row.line for row in context.before] == [9, 10, 11]
    assert [row.line for row in context.after] == [13, 14, 15]
    assert [row.line for row in line_of(batch, 2).before] == []
    assert [row.line for row in line_of(batch, 21).after] == []
    for line in (0, 1, 22, 1_000_000):
        with pytest.raises(NotFound, match="no row on line"):
            line_of(batch, line)


def test_a_row_over_several_lines_is_found_by_each_of_them_and_a_refused_one_too(
    person: People, work: Work, line_of: Callable[[str, int], RowInContext]
) -> None:
    long = indian_sale("2").replace("Kettle", '"Kettle\nof two lines"')
    batch = person(Role.ADMIN).upload(indian_file(indian_sale("1"), long, "3,too,short", indian_sale("4")))
    work()
    assert line_of(batch, 3).row.cells["Item"] == "Kettle\nof two lines"
    assert line_of(batch, 4).row.line == 3
    refused = line_of(batch, 5)
    assert (refused.row.raw, refused.row.cells) == ("3,too,short", {})
    assert [row.line for row in refused.before] == [2, 3]
    assert [row.line for row in refused.after] == [6]


def test_workbooks_and_json_lines_have_rows_too(
    person: People, work: Work, line_of: Callable[[str, int], RowInContext]
) -> None:
    names = HEADER.split(",")
    rows = [dict(zip(names, indian_sale(str(n)).split(","), strict=True)) for n in range(1, 6)]
    admin = person(Role.ADMIN)
    batch_id = admin.upload(xlsx([names, *([*row.values()] for row in rows)]), "june.xlsx")
    lines = admin.upload("".join(json.dumps(row) + "\n" for row in rows).encode(), "june.jsonl")
    work()
    assert line_of(batch_id, 4).row.cells["Invoice No"] == "3"
    assert line_of(lines, 4).row.cells["Invoice No"] == "4"
    assert json.loads(line_of(lines, 4).row.raw)["Invoice No"] == "4"


def test_a_corrected_row_leads_to_its_correction_and_on_to_the_file(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    rows = [indian_sale(str(number)) for number in range(1, 11)]
    batch = admin.upload(indian_file(*rows[:4], indian_sale("5", "two"), *rows[5:]))
    work()
    corrected = admin.get(f"/uploads/{batch}/refused.csv").data.replace(b",two,", b",2.00,")
    admin.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected), "june-refused.csv")})
    work()
    page = admin.get("/sale-lines?q=MUM01/5").text
    href = page.partition("/lines/6")[0].rpartition('"')[2]
    assert href
    assert href != f"/uploads/{batch}"
    assert "The corrected row." in admin.get(f"{href}/lines/6").text
    assert "two" in admin.get(f"/uploads/{batch}/lines/6").text


def test_a_sale_of_a_till_leads_to_its_message(app: App, anonymous: Visitor, person: People, work: Work) -> None:
    sale = store_sale_schema()["examples"][0]
    token = store_credentials.issue_store_token(app.ports, sale["region"], sale["store_id"], "front", "boss")[1]
    anonymous.client.post("/api/sales", json=sale, headers={"Authorization": f"Bearer {token}"})
    work()
    admin = person(Role.ADMIN)
    page = admin.get("/sale-lines").text
    assert "Message 1" in page
    href = page.partition("/lines/1")[0].rpartition('"')[2]
    page = admin.get(f"{href}/lines/1").text
    assert "Exactly as the till or the form sent it" in page
    assert sale["number"] in page
