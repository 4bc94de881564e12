"""What a receipt says to a clerk: of repeats, of files without rows, of decisions made and of rows given back."""

from io import BytesIO

import pytest
from visitor import People, Work, indian_file, indian_sale

from portal.formats import marked
from portal.uploads import labels
from tillstream.app import App
from tillstream.contracts.contract_files import shipped_contracts
from tillstream.model.permissions import Role
from tillstream.people import accounts

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 11)))
ONE_BAD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)), indian_sale("10", "ten"))
MOSTLY_BAD = indian_file(indian_sale("1"), indian_sale("2", "two"), indian_sale("3", "three"))


def test_a_repeated_file_is_shown_as_duplicate(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    work()
    again = clerk.upload(GOOD)
    work()
    assert "10 of 10 rows imported" in clerk.get(f"/uploads/{batch}").text
    assert "All 10 rows are duplicates; nothing counts twice" in clerk.get(f"/uploads/{again}").text


def test_a_header_without_rows_is_no_success_to_be_proud_of(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(indian_file())
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert "The file has a header and no rows" in page
    assert "export the file again with its rows" in page
    for shown in (page, clerk.get("/uploads").text.partition("<tbody>")[2]):
        assert "Nothing to import" in shown
        assert "Imported" not in shown


def test_a_rejected_file_needs_no_decision(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(MOSTLY_BAD)
    work()
    assert "To import the other rows, select “Import the file”." in manager.get(f"/uploads/{batch}").text
    manager.post(f"/uploads/{batch}/reject", {"reason": "wrong month"})
    page = manager.get(f"/uploads/{batch}").text
    assert "It needed review: 2 of 3 rows must be fixed" in page
    assert "Import the file to load the other rows" not in page


def test_a_file_that_waits_for_those_who_see_all_of_it_needs_review(app: App, person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN", login="asha")
    batch = clerk.upload(MOSTLY_BAD + indian_sale("4").replace(",MUM01,", ",PNQ01,").encode())
    work()
    accounts.assign_account(app.ports, "asha", stores=["MUM01"])
    assert "It needs review: 2 of 4 rows must be fixed" in clerk.get(f"/uploads/{batch}").text


def test_a_receipt_looks_again_while_its_corrections_are_read(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    assert "data-poll" not in clerk.get(f"/uploads/{batch}").text
    corrected = clerk.get(f"/uploads/{batch}/refused.csv").data.replace(b",ten,", b",100.00,")
    clerk.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected), "june-refused.csv")})
    page = clerk.get(f"/uploads/{batch}").text
    assert ("data-poll" in page, "Submitted fixes are being read." in page) == (True, True)
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert ("data-poll" in page, "are being read" in page) == (False, False)


PLAIN = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
CUP = "901,A,Cup,1,12/5/2011 9:02,1.00,1,United Kingdom"
POT = "901,B,Pot,2,12/5/2011 9:02,3.00,1,United Kingdom"
LATER = "902,A,Cup,1,12/5/2011 9:02,1.00,1,United Kingdom"


def test_identical_lines_are_named_by_the_lines_of_the_file(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    file = "\n".join([PLAIN, CUP, POT, CUP, LATER, POT, CUP, ""]).encode()
    batch = admin.upload(file, contract="online-retail-uk")
    work()
    page = admin.get(f"/uploads/{batch}").text
    assert "Identical lines" in page
    assert "Lines 2, 4 and 7 are identical; lines 3 and 6 are identical</li>" in page
    unlike = admin.upload("\n".join([PLAIN, CUP, POT, LATER, ""]).encode(), contract="online-retail-uk")
    work()
    assert "dentical" not in admin.get(f"/uploads/{unlike}").text


def test_many_identical_lines_are_summarized() -> None:
    assert labels.identical_rows([]) == ""
    assert labels.identical_rows([[1_002, 1_005]]) == "Lines 1,002 and 1,005 are identical"
    assert labels.identical_rows([list(range(2, 13))]) == "Lines 2, 3, 4, 5, 6, 7, 8, 9 and 3 others are identical"
    assert labels.identical_rows([[n, n + 1] for n in range(2, 14, 2)]).endswith(
        "lines 10 and 11 are identical; and others"
    )


@pytest.mark.parametrize(("count", "text"), [(1, "Download the row to fix<"), (2, "Download the 2 rows to fix<")])
def test_the_refused_rows_are_counted_in_english(person: People, work: Work, count: int, text: str) -> None:
    clerk = person(Role.CLERK, "IN")
    good = [indian_sale(str(number)) for number in range(1, 20)]
    batch = clerk.upload(indian_file(*good, *(indian_sale(str(90 + number), "ten") for number in range(count))))
    work()
    assert text in clerk.get(f"/uploads/{batch}").text


def test_a_remedy_names_the_page_of_the_portal_and_no_command(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    first = admin.upload(indian_file(indian_sale("1")))
    work()
    admin.upload(indian_file(indian_sale("1", "50.00")))
    work()
    again = admin.upload(indian_file(indian_sale("1")))
    work()
    assert first != again
    receipt = admin.get(f"/uploads/{again}").text
    for page in (receipt, admin.get("/help/problems").text):
        assert "select “Make it current” on its receipt" in page
        assert "`" not in page
        assert "confirm BATCH" not in page
    assert ">Make it current</button>" in receipt


def test_only_text_between_backticks_becomes_code() -> None:
    assert marked("a `<b>` & `c") == "a <code>&lt;b&gt;</code> &amp; `c"


def test_problems_name_the_columns_as_the_file_does_wherever_they_are_read(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    answer = clerk.post("/uploads/look", {"contract": "IN", "file": (BytesIO(ONE_BAD), "june.csv")})
    tried = clerk.get(answer.headers["Location"]).text
    batch = clerk.upload(ONE_BAD)
    work()
    downloaded = clerk.get(f"/uploads/{batch}/refused.csv").text
    column = clerk.get(f"/api/uploads/{batch}/receipt").get_json()["problems"][0]["column"]
    header = shipped_contracts()["IN"].columns[column]
    assert header != column
    assert f"in <b>{header}</b>" in tried
    assert f"{header} is “ten”" in downloaded
