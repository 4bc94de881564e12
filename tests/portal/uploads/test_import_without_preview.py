"""Files are previewed before they are imported, unless a person set their data source to import without a preview."""

from io import BytesIO

from upload_steps import look_at, text_of
from visitor import People, Visitor, Work, indian_file, indian_sale
from werkzeug.test import TestResponse

from tillstream.app import App
from tillstream.contracts import source_settings
from tillstream.model.permissions import Role

GOOD = indian_file(*(indian_sale(str(number)) for number in range(1, 4)))
PAGE = "/data-sources/IN/preview"


def uploaded(visitor: Visitor, contract: str = "", content: bytes = GOOD) -> TestResponse:
    """The page that the form of the upload page leads to, without its script."""
    return visitor.post("/uploads", {"contract": contract, "file": (BytesIO(content), "june.csv")})


def test_a_chosen_data_source_leads_to_a_preview_until_it_is_set_to_import(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    assert uploaded(admin, "IN").location.startswith("/uploads/look/")
    admin.post(PAGE, {"without_preview": "yes"})
    imported = uploaded(admin, "IN").location
    work()
    page = text_of(admin.get(imported).text)
    assert "3 of 3 rows imported" in page
    assert "imports without preview" in page
    admin.post(PAGE, {"without_preview": "no"})
    assert uploaded(admin, "IN").location.startswith("/uploads/look/")


def test_a_recognised_file_is_imported_directly_with_a_message(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    assert uploaded(admin).location.startswith("/uploads/look/")
    admin.post(PAGE, {"without_preview": "yes"})
    answer = uploaded(admin)
    assert "june.csv is a file of IN, whose files are imported without a preview." in admin.get(answer.location).text
    work()
    assert "3 of 3 rows imported" in admin.get(answer.location).text


def test_a_file_of_several_possible_data_sources_still_has_a_preview(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    other = app.contracts.current("IN").model_copy(update={"name": "IN-2"})
    app.contracts.save(other, "boss")
    for name in ("IN", "IN-2"):
        admin.post(f"/data-sources/{name}/preview", {"without_preview": "yes"})
    assert uploaded(admin).location.startswith("/uploads/look/")


def test_the_script_of_the_page_learns_whether_a_file_was_imported(person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, GOOD)
    assert admin.post(f"{place}/recognise").get_json() == {"batch_id": "", "url": place}
    admin.post(PAGE, {"without_preview": "yes"})
    answer = admin.post(f"{place}/recognise").get_json()
    assert answer["url"] == f"/uploads/{answer['batch_id']}"
    assert look_at(admin, GOOD).startswith("/uploads/look/"), "who asks for a preview gets it"


def test_only_administrators_change_it_and_the_audit_log_records_it(app: App, person: People) -> None:
    clerk, admin = person(Role.CLERK, "IN"), person(Role.ADMIN)
    assert clerk.post(PAGE, {"without_preview": "yes"}).status_code == 403
    assert "Preview first" in clerk.get("/data-sources").text
    assert PAGE not in clerk.get("/data-sources").text
    admin.post(PAGE, {"without_preview": "yes"})
    assert "preview of IN" in admin.get("/audit?what=setting.changed").text
    page = text_of(clerk.get("/uploads").text)
    assert "IN imports without a preview" in page
    assert source_settings.import_setting_of_source(app.ports, "UK").without_preview is False
