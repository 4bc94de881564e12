"""A name with bidirectional control characters is shown without them, on pages and in CSV files."""

from visitor import People, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

OVERRIDE = "\u202e"
NAME = f"june{OVERRIDE}vsc.csv"


def test_pages_and_csv_files_show_no_control_characters(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    sale = indian_sale("1").replace("Asha Rao", f"Asha{OVERRIDE}Rao")
    batch = admin.upload(indian_file(sale), NAME)
    work()
    for path in (
        "/uploads",
        f"/uploads/{batch}",
        "/sale-lines",
        "/audit",
        "/audit.csv",
        "/sale-lines/export?format=csv",
    ):
        answer = admin.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        assert OVERRIDE not in answer.text, path
        assert "\\u202e" not in answer.text, path
    assert "june\ufffdvsc.csv" in admin.get("/uploads").text
