"""The preview of a file shows its first rows as they are read, its totals, columns not used, and what is new."""

from upload_steps import look_at, text_of
from visitor import HEADER, People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.permissions import Role

ROWS = [indian_sale("1"), indian_sale("2", "250.00"), indian_sale("3", "ten")]


def test_first_rows_are_shown_as_they_are_read_with_their_totals(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    page = text_of(clerk.get(look_at(clerk, indian_file(*ROWS), contract="IN")).text)
    assert "First rows" in page
    assert "3 Jun 2026, 04:45" in page, "the time of the sale in UTC"
    assert "ten to fix" in page
    assert "3 read, 2 accepted, 1 to fix" in page
    assert "350.00" in page
    assert "None: every column is used." in page


def test_what_does_not_count_is_apart_from_the_revenue_that_does(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    clerk.upload(indian_file(indian_sale("1"), indian_sale("4", "60.00")))
    work()
    rows = (indian_sale("1"), *2 * [indian_sale("2", "250.00")], indian_sale("3", "40.00", date="soon"))
    file = indian_file(*rows, indian_sale("4", "70.00"))
    page = text_of(clerk.get(look_at(clerk, file, contract="IN")).text)
    totals = "Revenue 420.00 INR of which imported before 100.00 INR in 1 line of which new or changed 320.00 INR"
    assert totals in page
    assert "Repeated in the file, not counted 250.00 INR in 1 row To fix, not counted yet 40.00 INR in 1 row" in page


def test_columns_that_are_not_used_are_listed(person: People) -> None:
    clerk = person(Role.CLERK, "IN")
    content = f"{HEADER},Till,Weather\n{indian_sale('1')},4,sunny\n".encode()
    page = text_of(clerk.get(look_at(clerk, content, contract="IN")).text)
    assert "Columns not used Till, Weather They are kept with each line." in page


def test_a_store_without_sales_is_marked_as_new(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    source = app.contracts.current("IN")
    app.contracts.save(source.model_copy(update={"stores": (), "version": source.version + 1}), "boss")
    first, second = indian_sale("1"), indian_sale("2").replace("MUM01", "GOA01")
    assert "MUM01 new" in text_of(admin.get(look_at(admin, indian_file(first), contract="IN")).text)
    admin.upload(indian_file(first))
    work()
    page = text_of(admin.get(look_at(admin, indian_file(first, second), contract="IN")).text)
    assert "GOA01 new , MUM01" in page
    assert "MUM01 new" not in page
