"""What a receipt says to a clerk: of repeats, of files without rows, of decisions made and of rows given back."""

from collections.abc import Callable
from io import BytesIO

from visitor import Visitor, indian_file, indian_sale

from tillstream.contracts import shipped
from tillstream.domain.people import Role

People = Callable[..., Visitor]
Work = Callable[[], None]
GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 11)))
ONE_BAD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)), indian_sale("10", "ten"))
MOSTLY_BAD = indian_file(indian_sale("1"), indian_sale("2", "two"), indian_sale("3", "three"))


def test_the_same_file_again_says_that_nothing_counts_twice(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(GOOD)
    work()
    again = clerk.upload(GOOD)
    work()
    assert "10 of 10 rows counted" in clerk.get(f"/uploads/{batch}").text
    assert "All 10 rows were known already; nothing counts twice" in clerk.get(f"/uploads/{again}").text


def test_a_header_without_rows_is_no_success_to_be_proud_of(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(indian_file())
    work()
    assert "The file has a header and no rows" in clerk.get(f"/uploads/{batch}").text


def test_a_rejected_file_asks_for_no_decision_any_more(person: People, work: Work) -> None:
    manager = person(Role.MANAGER, "IN")
    batch = manager.upload(MOSTLY_BAD)
    work()
    assert "confirm to load the others" in manager.get(f"/uploads/{batch}").text
    manager.post(f"/uploads/{batch}/reject", {"reason": "wrong month"})
    page = manager.get(f"/uploads/{batch}").text
    assert "It waited for a decision: 2 of 3 rows were refused" in page
    assert "confirm to load the others" not in page


def test_a_receipt_looks_again_while_its_corrections_are_read(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    assert "data-poll" not in clerk.get(f"/uploads/{batch}").text
    corrected = clerk.get(f"/uploads/{batch}/refused.csv").data.replace(b",ten,", b",100.00,")
    clerk.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected), "june-refused.csv")})
    page = clerk.get(f"/uploads/{batch}").text
    assert ("data-poll" in page, "Corrected rows are being read." in page) == (True, True)
    work()
    page = clerk.get(f"/uploads/{batch}").text
    assert ("data-poll" in page, "are being read" in page) == (False, False)


def test_problems_name_the_columns_as_the_file_does_wherever_they_are_read(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    tried = clerk.post("/uploads/dry-run", {"contract": "IN", "file": (BytesIO(ONE_BAD), "june.csv")}).text
    batch = clerk.upload(ONE_BAD)
    work()
    downloaded = clerk.get(f"/uploads/{batch}/refused.csv").text
    column = clerk.get(f"/api/uploads/{batch}/receipt").get_json()["problems"][0]["column"]
    header = shipped()["IN"].columns[column]
    assert header != column
    assert f"in <b>{header}</b>" in tried
    assert f"{header} is “ten”" in downloaded
