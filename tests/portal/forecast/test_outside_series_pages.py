"""The pages of outside series: import by upload, what is refused and why, removal, restoring, and who sees what."""

from io import BytesIO

import pytest
from visitor import People, Visitor
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.forecasting import outside_series
from tillstream.model.permissions import Role
from tillstream.records import audit_log

FILE = b"date,value\n2026-06-01,1200\n2026-06-02,1350.5\n"
BY_REGION = b"date,value,region\n2026-06-01,7001,UK\n2026-06-01,8002,IN\n2026-06-01,9003,\n"


def upload(visitor: Visitor, content: bytes, name: str = "", file: str = "Store visits.csv") -> TestResponse:
    form = {"name": name, "file": (BytesIO(content), file)}
    return visitor.post("/forecast/series", form, content_type="multipart/form-data", follow_redirects=True)


@pytest.fixture
def admin(person: People) -> Visitor:
    return person(Role.ADMIN, login="boss")


def test_without_a_series_the_page_offers_an_example_that_can_be_imported(admin: Visitor, app: App) -> None:
    page = admin.get("/forecast/series").text
    assert "No series yet" in page
    assert "/forecast/series/template.csv" in page
    example = admin.get("/forecast/series/template.csv")
    assert example.headers["Content-Disposition"] == "attachment; filename=series-template.csv"
    assert "is imported: 5 values from" in upload(admin, example.data, "visitors").text
    (series,) = outside_series.listed_series(app.ports)
    assert (series.last, series.rows, series.by) == ("2026-06-30", 5, "boss")


def test_an_imported_series_is_listed_with_its_days_and_drawn(admin: Visitor, app: App) -> None:
    page = upload(admin, FILE).text
    assert "store_visits is imported: 2 values from 1 Jun 2026 to 2 Jun 2026. The next forecast uses it." in page
    assert "Used from the next forecast on" in page
    assert '"values": [1200.0, 1350.5]' in page
    listed = admin.get("/forecast/series").text
    assert ">store_visits</a>" in listed
    assert "by boss" in listed
    assert 'href="/forecast/series"' in admin.get("/forecast").text
    assert admin.get("/forecast/series/store_visits/values.csv").text.splitlines()[1] == ("2026-06-01,1200,2026-06-02,")


def test_a_file_with_wrong_rows_is_refused_as_a_whole_with_line_problem_and_remedy(admin: Visitor, app: App) -> None:
    wrong = (
        b"date,value,region\n2026-06-01,12,\n2026-06-02,many,\nsoon,3,\n,4,\n2026-06-05,5,Atlantis\n2026-06-01,13,\n"
    )
    answer = upload(admin, wrong, "visits")
    assert answer.status_code == 422
    assert "Nothing is imported: 5 rows have a problem." in answer.text
    assert "Correct Store visits.csv and upload it again." in answer.text
    for text in (
        "Value is “many”, which is not a number.", "Write it as 1234.50.",
        "Date is “soon”, which is not a date.", "Write year, month and day, such as 2026-12-31.",
        "Date is empty.", "“Atlantis” is not a region", "The value of 2026-06-01 is also in line 2.",
    ):  # fmt: skip
        assert text in answer.text
    assert 'value="visits"' in answer.text, "the name is kept"
    assert outside_series.listed_series(app.ports) == []


@pytest.mark.parametrize(
    ("content", "name", "text"),
    [
        (b"day,visitors\n2026-06-01,x\n", "Foot fall", "Value is “x”"),
        (FILE, "Foot fall", "cannot be the name of a series"),
        (b"when,what\n2026-06-01,1\n", "", "The file has no column date, value."),
        (b"date,value\n", "", "The file has no values."),
        (b"", "", "wrong"),
    ],
)
def test_what_cannot_be_imported_is_explained(admin: Visitor, app: App, content: bytes, name: str, text: str) -> None:
    answer = upload(admin, content, name)
    assert answer.status_code == 422
    assert text in answer.text
    assert outside_series.stored_series(app.ports) == []


def test_a_form_without_a_file_is_shown_again(admin: Visitor) -> None:
    answer = admin.post("/forecast/series", {"name": "visits"})
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


def test_an_import_and_a_removal_are_taken_back(admin: Visitor, app: App) -> None:
    upload(admin, FILE, "visits")
    upload(admin, FILE + b"2026-06-03,9\n", "visits")
    page = admin.get("/forecast/series/visits").text
    assert "Before it, the series had 2 values" in page
    assert "The series visits is restored." in admin.post("/forecast/series/visits/restore", follow_redirects=True).text
    assert outside_series.listed_series(app.ports)[0].rows == 2
    removed = admin.post("/forecast/series/visits/remove", follow_redirects=True).text
    assert "The series visits is removed." in removed
    assert "Removed series" in removed
    assert admin.get("/forecast/series/visits").status_code == 404
    assert outside_series.listed_series(app.ports) == []
    assert "Used from the next forecast on" in admin.post("/forecast/series/visits/restore", follow_redirects=True).text
    entries = [
        one.what for one in audit_log.find_entries(app.ports, audit_log.AuditFilter()) if one.what.startswith("series")
    ]
    assert entries == ["series.restored", "series.removed", "series.restored", "series.imported", "series.imported"]
    assert "Outside series restored" in admin.get("/audit?what=series").text


def test_others_see_series_and_their_own_regions_and_change_nothing(admin: Visitor, person: People) -> None:
    upload(admin, BY_REGION, "visits")
    manager = person(Role.MANAGER, "UK")
    listed = manager.get("/forecast/series").text
    assert ">visits</a>" in listed
    assert "Import a series" not in listed
    for path in ("/forecast/series/visits", "/forecast/series/visits/values.csv"):
        text = manager.get(path).text.replace("7,001", "7001")
        assert "7001" in text
        assert "9003" in text
        assert "8002" not in text
        assert "8,002" not in text
    assert "Remove" not in manager.get("/forecast/series/visits").text
    for role in (Role.MANAGER, Role.CLERK, Role.ANALYST):
        visitor = person(role, "UK", login=f"other-{role.value}")
        assert visitor.post("/forecast/series", {"name": "x"}).status_code == 403
        assert visitor.post("/forecast/series/visits/remove").status_code == 403
        assert visitor.post("/forecast/series/visits/restore").status_code == 403
    seller = person(Role.SALESPERSON, "UK")
    for path in ("", "/template.csv", "/visits", "/visits/values.csv"):
        assert seller.get(f"/forecast/series{path}").status_code == 403
