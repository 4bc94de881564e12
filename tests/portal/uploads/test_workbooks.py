"""Workbooks and their like through the portal."""

from sheet_files import compound, xls, xlsx
from visitor import People, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 11)))


def test_a_workbook_is_an_upload_and_an_unreadable_one_is_explained(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    page = clerk.get("/uploads").text
    assert ".xlsx" in page
    rows = [line.split(",") for line in GOOD.decode().splitlines()]
    batch = clerk.upload(xlsx(rows), "june.xlsx")
    old = clerk.upload(xls(("Sales", rows)), "june.xls")
    locked = clerk.upload(compound(("EncryptedPackage", b"")), "locked.xlsx")
    work()
    assert "10 of 10 rows imported" in clerk.get(f"/uploads/{batch}").text
    assert "10 rows" in clerk.get(f"/uploads/{old}").text
    assert "locked with a password" in clerk.get(f"/uploads/{locked}").text
