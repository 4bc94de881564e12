"""Which known contract a file fits, and how a known source's file differs from its contract."""

import io
from pathlib import Path
from typing import Any

import pytest

from tillstream.contracts.loader import shipped
from tillstream.detection import drift, fit
from tillstream.domain.contract.model import Contract, parse

KNOWN = shipped()
FILE = """Bon;Datum;Filiale;Artikel;Menge;Preis;Summe;Zustand
4711;20.11.2026 17:45;Linz;Wanduhr;2;1.024,50 €;2.049,00 €;bezahlt
4712;20.11.2026 17:52;Linz;Stehuhr;1;524,50 €;524,50 €;offen
4713;21.11.2026 09:12;Graz;Öluhr;3;24,50 €;73,50 €;bezahlt
"""
COLUMNS = {
    "sale_id": "Bon",
    "date": "Datum",
    "store_id": "Filiale",
    "product_name": "Artikel",
    "quantity": "Menge",
    "unit_price": "Preis",
    "net_amount": "Summe",
    "status": "Zustand",
}


def austria(**changes: Any) -> Contract:
    given = {
        "name": "AT",
        "region": "Austria",
        "currency": "EUR",
        "file": {"encoding": "cp1252", "delimiter": ";"},
        "numbers": {"decimal": ",", "thousands": ".", "currency_signs": ["€"]},
        "dates": {"formats": ["%d.%m.%Y %H:%M"], "time_zone": "Europe/Vienna"},
        "columns": COLUMNS,
        "status": {"words": {"bezahlt": "completed", "offen": "pending"}},
    }
    return parse(given | changes)


def stream(text: str, encoding: str = "cp1252") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def test_a_file_fits_its_contract_alone() -> None:
    best, *others = fit(stream(FILE), [austria(), *KNOWN.values()])
    assert (best.contract.name, best.fits, best.score, best.doubts) == ("AT", True, 1.0, ())
    assert not any(other.fits for other in others)
    assert all(other.reasons for other in others)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"columns": COLUMNS | {"tax": "MwSt"}}, "it lacks MwSt"),
        ({"file": {"encoding": "cp1252", "delimiter": ","}}, "separated by semicolons"),
        ({"file": {"encoding": "utf-8", "delimiter": ";"}}, "spelled in cp1252"),
        ({"dates": {"formats": ["%Y-%m-%d"]}}, "in Datum is no date"),
        ({"numbers": {"decimal": "."}}, "in Preis is no unit price"),
    ],
)
def test_what_does_not_fit_is_said(changed: dict[str, Any], reason: str) -> None:
    (found,) = fit(stream(FILE), [austria(**changed)])
    assert not found.fits
    assert any(reason in words for words in found.reasons), found.reasons


def test_unknown_stores_are_a_doubt() -> None:
    (found,) = fit(stream(FILE), [austria(stores=["Wien", "Bregenz"])])
    assert (found.fits, len(found.doubts)) == (True, 1)
    assert "Linz" in found.doubts[0]


@pytest.mark.shared
def test_real_files_fit_their_contracts(shared_data: Path) -> None:
    with (shared_data / "classic-models" / "sales_data_sample.csv").open("rb") as file:
        assert [one.contract.name for one in fit(file, KNOWN.values()) if one.fits] == ["classic-models"]
    with (shared_data / "online-retail" / "IN.csv").open("rb") as file:
        names = [one.contract.name for one in fit(file, KNOWN.values()) if one.fits]
        assert names == ["online-retail-in", "online-retail-uk", "online-retail-usa"]


def test_a_file_as_ever_does_not_drift() -> None:
    found = drift(stream(FILE), austria(), header=list(COLUMNS.values()))
    assert (found.has_differences, found.proposed, found.questions) == (False, None, ())


def test_a_renamed_column_is_mapped_anew_in_the_next_version() -> None:
    found = drift(stream(FILE.replace("Menge", "Anzahl")), austria())
    assert [(one.kind, one.column) for one in found.differences] == [("renamed-column", "quantity")]
    assert found.proposed is not None
    assert (found.proposed.version, found.proposed.columns["quantity"]) == (2, "Anzahl")


def test_a_new_column_is_told_where_the_earlier_header_is_known() -> None:
    wider = "\n".join(f"{line};{more}" for line, more in zip(FILE.splitlines(), ["MwSt", "1", "2", "3"], strict=True))
    found = drift(stream(wider), austria(), header=list(COLUMNS.values()))
    assert [(one.kind, one.column) for one in found.differences] == [("new-column", "MwSt")]
    assert "tax" in found.differences[0].words
    assert drift(stream(wider), austria()).differences == ()


def test_changed_styles_are_told_and_proposed() -> None:
    english = FILE.replace(".", "/").replace("1/024,50", "1,024.50").replace("2/049,00", "2,049.00")
    english = english.replace("24,50", "24.50").replace("73,50", "73.50").replace(";", "\t")
    found = drift(stream(english, "utf-8"), austria())
    kinds = {one.kind for one in found.differences}
    assert kinds == {"encoding", "delimiter", "number-style", "date-style"}
    assert found.proposed is not None
    assert found.proposed.numbers.decimal == "."
    assert found.proposed.dates.formats == ("%d/%m/%Y %H:%M",)
    assert (found.proposed.file.encoding, found.proposed.file.delimiter) == ("utf-8", "\t")
    assert found.proposed.dates.time_zone == "Europe/Vienna"


def test_a_new_word_of_the_status_is_asked_and_an_answer_closes_it() -> None:
    changed = stream(FILE.replace("offen", "verschollen"))
    asked = drift(changed, austria())
    assert (asked.proposed, [one.key for one in asked.questions]) == (None, ["status.verschollen"])
    changed.seek(0)
    told = drift(changed, austria(), answers={"status.verschollen": "cancelled"})
    assert told.proposed is not None
    assert told.proposed.status.words["verschollen"] == "cancelled"


def test_a_column_that_could_be_two_new_ones_is_asked() -> None:
    changed = (
        FILE.replace("Menge", "Mengen A").replace("Zustand", "Mengen B").replace("bezahlt", "5").replace("offen", "6")
    )
    found = drift(stream(changed), austria())
    assert "column.quantity" in {one.key for one in found.questions}
    assert found.proposed is None


def test_a_column_that_is_gone_makes_no_proposal() -> None:
    found = drift(stream(FILE.replace("Summe", "Farbe")), austria())
    assert ("missing-column", "net_amount") in {(one.kind, one.column) for one in found.differences}
    assert found.proposed is None


def test_columns_that_a_contract_makes_or_only_names_sales_by_are_looked_for_in_their_parts() -> None:
    columns = {name: header for name, header in COLUMNS.items() if name != "sale_id"} | {"customer_name": "Wer"}
    made = austria(columns=columns, made={"Wer": {"join": ["Vorname", "Nachname"]}}, identity={"made_of": ["Bon"]})
    lines = FILE.splitlines()
    told = "\n".join([f"{lines[0]};Vorname;Nachname", *(f"{line};Ann;Lee" for line in lines[1:])])
    assert fit(stream(told), [made])[0].fits
    found = drift(stream(told), made, header=told.splitlines()[0].split(";"))
    assert not found.has_differences
    assert fit(stream(FILE), [made])[0].reasons == ("it lacks Vorname, Nachname",)
    nameless = "\n".join(line.partition(";")[2] for line in told.splitlines())
    assert fit(stream(nameless), [made])[0].reasons == ("it lacks Bon",)
    gone = drift(stream(nameless), made, header=told.splitlines()[0].split(";"))
    assert [(one.kind, one.column) for one in gone.differences] == [("missing-column", "Bon")]
    assert gone.proposed is None
    points = told.replace("1.024,50", "1,024.50").replace("2.049,00", "2,049.00").replace(",50 €", ".50 €")
    proposed = drift(stream(points), made, header=told.splitlines()[0].split(";")).proposed
    assert proposed is not None
    assert (proposed.numbers.decimal, proposed.version, proposed.made) == (".", 2, made.made)
