"""Which known contract a file fits, and how a known source's file differs from its contract."""

import io
from pathlib import Path
from typing import Any

import pytest

from tillstream.contracts.contract_files import shipped_contracts
from tillstream.detection import drift, fit
from tillstream.model.contract import Contract, parse_contract

SHIPPED = shipped_contracts()
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
    document = {
        "name": "AT",
        "region": "Austria",
        "currency": "EUR",
        "file": {"encoding": "cp1252", "delimiter": ";"},
        "numbers": {"decimal": ",", "thousands": ".", "currency_signs": ["€"]},
        "dates": {"formats": ["%d.%m.%Y %H:%M"], "time_zone": "Europe/Vienna"},
        "columns": COLUMNS,
        "status": {"words": {"bezahlt": "completed", "offen": "pending"}},
    }
    return parse_contract(document | changes)


def stream(text: str, encoding: str = "cp1252") -> io.BytesIO:
    return io.BytesIO(text.encode(encoding))


def test_a_file_fits_its_contract_alone() -> None:
    best, *others = fit(stream(FILE), [austria(), *SHIPPED.values()])
    assert (best.contract.name, best.fits, best.score, best.doubts) == ("AT", True, 1.0, ())
    assert not any(other.fits for other in others)
    assert all(other.reasons for other in others)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"columns": COLUMNS | {"tax": "MwSt"}}, "it does not have MwSt"),
        ({"file": {"encoding": "cp1252", "delimiter": ","}}, "separated by semicolons"),
        ({"file": {"encoding": "utf-8", "delimiter": ";"}}, "its encoding is cp1252, not utf-8"),
        ({"dates": {"formats": ["%Y-%m-%d"]}}, "in Datum is not a date"),
        ({"numbers": {"decimal": "."}}, "in Preis is not a unit price"),
    ],
)
def test_a_mismatch_is_reported(changed: dict[str, Any], reason: str) -> None:
    (result,) = fit(stream(FILE), [austria(**changed)])
    assert not result.fits
    assert any(reason in words for words in result.reasons), result.reasons


def test_one_bad_cell_does_not_make_a_known_source_unknown() -> None:
    lines = FILE.splitlines()
    rows = [line for _ in range(20) for line in lines[1:]]
    rows[7] = rows[7].replace("offen", "verschollen").replace("21.11.2026", "gestern").replace("20.11.2026", "gestern")
    (result,) = fit(stream("\n".join([lines[0], *rows, ""])), [austria()])
    assert (result.fits, result.doubts) == (True, ())


def test_unknown_stores_are_a_doubt() -> None:
    (result,) = fit(stream(FILE), [austria(stores=["Wien", "Bregenz"])])
    assert (result.fits, len(result.doubts)) == (True, 1)
    assert "Linz" in result.doubts[0]


@pytest.mark.shared
def test_real_files_fit_their_contracts(shared_data: Path) -> None:
    with (shared_data / "classic-models" / "sales_data_sample.csv").open("rb") as file:
        assert [one.contract.name for one in fit(file, SHIPPED.values()) if one.fits] == ["classic-models"]
    with (shared_data / "online-retail" / "IN.csv").open("rb") as file:
        names = [one.contract.name for one in fit(file, SHIPPED.values()) if one.fits]
        assert names == ["online-retail-in", "online-retail-uk", "online-retail-usa"]


def test_a_file_as_ever_does_not_drift() -> None:
    result = drift(stream(FILE), austria(), header=list(COLUMNS.values()))
    assert (result.differences, result.proposed, result.questions) == ((), None, ())


def test_a_renamed_column_is_mapped_in_the_next_version() -> None:
    result = drift(stream(FILE.replace("Menge", "Anzahl")), austria())
    assert [(one.kind, one.column) for one in result.differences] == [("renamed-column", "quantity")]
    assert result.proposed is not None
    assert (result.proposed.version, result.proposed.columns["quantity"]) == (2, "Anzahl")


def test_a_new_column_is_reported_if_the_earlier_header_is_known() -> None:
    wider = "\n".join(f"{line};{more}" for line, more in zip(FILE.splitlines(), ["MwSt", "1", "2", "3"], strict=True))
    result = drift(stream(wider), austria(), header=list(COLUMNS.values()))
    assert [(one.kind, one.column) for one in result.differences] == [("new-column", "MwSt")]
    assert "tax" in result.differences[0].words
    assert drift(stream(wider), austria()).differences == ()


def test_changed_formats_are_reported_and_proposed() -> None:
    english = FILE.replace(".", "/").replace("1/024,50", "1,024.50").replace("2/049,00", "2,049.00")
    english = english.replace("24,50", "24.50").replace("73,50", "73.50").replace(";", "\t")
    result = drift(stream(english, "utf-8"), austria())
    kinds = {one.kind for one in result.differences}
    assert kinds == {"encoding", "delimiter", "number-style", "date-style"}
    assert result.proposed is not None
    assert (result.proposed.numbers.decimal, result.proposed.numbers.alternatives) == (",", ("1,234.50",))
    assert result.proposed.dates.formats == ("%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M")
    assert (result.proposed.file.encoding, result.proposed.file.delimiter) == ("utf-8", "\t")
    assert result.proposed.dates.time_zone == "Europe/Vienna"


def test_a_new_status_word_is_a_question_until_it_is_answered() -> None:
    changed = stream(FILE.replace("offen", "verschollen"))
    unanswered = drift(changed, austria())
    assert (unanswered.proposed, [one.key for one in unanswered.questions]) == (None, ["status"])
    changed.seek(0)
    answered = drift(changed, austria(), answers={"status.verschollen": "cancelled"})
    assert answered.proposed is not None
    assert answered.proposed.status.words["verschollen"] == "cancelled"


def test_a_column_that_matches_two_new_ones_is_a_question() -> None:
    changed = (
        FILE.replace("Menge", "Mengen A").replace("Zustand", "Mengen B").replace("bezahlt", "5").replace("offen", "6")
    )
    result = drift(stream(changed), austria())
    assert "column.quantity" in {one.key for one in result.questions}
    assert result.proposed is None


def test_a_column_that_is_gone_makes_no_proposal() -> None:
    result = drift(stream(FILE.replace("Summe", "Farbe")), austria())
    assert ("missing-column", "net_amount") in {(one.kind, one.column) for one in result.differences}
    assert result.proposed is None


def test_derived_and_identity_columns_are_searched_by_their_source_columns() -> None:
    columns = {name: header for name, header in COLUMNS.items() if name != "sale_id"} | {"customer_name": "Wer"}
    derived = austria(columns=columns, made={"Wer": {"join": ["Vorname", "Nachname"]}}, identity={"made_of": ["Bon"]})
    lines = FILE.splitlines()
    content = "\n".join([f"{lines[0]};Vorname;Nachname", *(f"{line};Ann;Lee" for line in lines[1:])])
    assert fit(stream(content), [derived])[0].fits
    result = drift(stream(content), derived, header=content.splitlines()[0].split(";"))
    assert not result.differences
    assert fit(stream(FILE), [derived])[0].reasons == ("it does not have Vorname, Nachname",)
    nameless = "\n".join(line.partition(";")[2] for line in content.splitlines())
    assert fit(stream(nameless), [derived])[0].reasons == ("it does not have Bon",)
    differences = drift(stream(nameless), derived, header=content.splitlines()[0].split(";"))
    assert [(one.kind, one.column) for one in differences.differences] == [("missing-column", "Bon")]
    assert differences.proposed is None
    points = content.replace("1.024,50", "1,024.50").replace("2.049,00", "2,049.00").replace(",50 €", ".50 €")
    proposed = drift(stream(points), derived, header=content.splitlines()[0].split(";")).proposed
    assert proposed is not None
    assert (proposed.numbers.alternatives, proposed.version, proposed.made) == (("1,234.50",), 2, derived.made)
