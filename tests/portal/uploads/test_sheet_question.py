"""A workbook with several sheets of sales asks which one, with their first rows; the contract names the answer."""

import yaml
from sheet_files import xlsb
from upload_steps import ANSWERS, look_at, summary_of, text_of
from visitor import People, Work

from tillstream.app import App
from tillstream.model.permissions import Role

HEADER = ["Bon", "Datum", "Filiale", "Artikel", "Menge", "Preis"]
LINZ = [HEADER, *([str(100 + n), "13/04/2026", "Linz", "Lampe", 1, 10.5] for n in range(5))]
GRAZ = [HEADER, *([str(200 + n), "14/04/2026", "Graz", "Stuhl", 2, 20.5] for n in range(3))]
TEXTS = {key: answer for key, answer in ANSWERS.items() if "status" not in key}


def test_the_answered_sheet_is_named_in_the_contract(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, xlsb(("Linz", LINZ), ("Graz", GRAZ)), "april.xlsb")
    text = text_of(admin.get(place).text)
    assert "Which sheet contains the sales?" in text
    assert "200 | 14/04/2026 | Graz | Stuhl | 2 | 20.5" in text
    admin.post(f"{place}/answers", {**TEXTS, "answer.sheet": "Graz"})
    text = text_of(admin.get(place).text)
    assert "All questions are answered" in text
    assert "3 of 3 rows ready to import" in text_of(summary_of(admin, place))
    answer = admin.post(f"{place}/save", {"name": "graz"})
    work()
    assert "3 of 3 rows imported" in admin.get(answer.headers["Location"]).text
    assert yaml.safe_load((app.settings.contracts / "graz.yaml").read_text())["file"]["sheet"] == "Graz"


def test_the_sheet_behind_a_cover_is_read_and_can_be_changed(app: App, person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, xlsb(("Titel", [["Bericht"]]), ("Linz", LINZ)), "april.xlsb")
    text = text_of(admin.get(place).text)
    assert "Which sheet" not in text
    assert "Sheet: Linz certain “Titel” is not a table" in text
    admin.post(f"{place}/answers", {"answer.sheet": "Wien"})
    assert "There is no sheet “Wien”" in text_of(admin.get(place).text)
    admin.post(f"{place}/answers", {"answer.sheet": "Linz"})
    assert "Sheet: Linz your answer" in text_of(admin.get(place).text)
