"""Which contract a file belongs to: by its content, and by its name only between contracts that fit equally well."""

import io
from typing import Any

import pytest

from tillstream.detection import FileSample, sample_file
from tillstream.detection.evidence import DetectionLog
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.errors import Rejected
from tillstream.review.contract_choice import (
    ContractCandidates,
    ask_for_contract,
    choose_without_person,
    contract_candidates,
    describes_new_contract,
    rank_contracts,
)
from tillstream.review.questionnaire import Questionnaire

HEADER = "No,Day,Item,Amount"
ROWS = [f"{1000 + number},2026-03-{1 + number % 28:02},Cup,{number}.50" for number in range(40)]


def contract(name: str, **changes: Any) -> Contract:
    columns = {"sale_id": "No", "date": "Day", "product_name": "Item", "net_amount": "Amount"}
    document = {"name": name, "region": "R", "currency": "EUR", "columns": columns, "identity": {"store": "S"}}
    return parse_contract(document | changes)


def sampled(*rows: str, header: str = HEADER) -> FileSample:
    return sample_file(io.BytesIO("\n".join([header, *rows, ""]).encode()))


def sources(sample: FileSample, *contracts: Contract, file: str = "export.csv") -> ContractCandidates:
    return contract_candidates(sample, rank_contracts(sample, contracts), file)


def questionnaire_of(sample: FileSample, answers: dict[str, str], *contracts: Contract) -> Questionnaire | None:
    return ask_for_contract(sample, DetectionLog(answers), {one.name: one for one in contracts}, "export.csv")


WIDE = contract("wide")
NARROW = contract("narrow", columns={"sale_id": "No", "date": "Day", "net_amount": "Amount"})


def names(one: ContractCandidates) -> list[str]:
    return [candidate.contract.name for candidate in one.candidates]


def test_content_beats_the_name_of_the_file() -> None:
    result = sources(sampled(*ROWS), NARROW, WIDE, file="narrow.csv")
    assert (names(result), result.likely, result.tie_break) == (["wide", "narrow"], "wide", "")


def test_the_name_decides_between_contracts_that_fit_equally_and_the_evidence_contains_that() -> None:
    north, south = contract("north"), contract("south")
    named = sources(sampled(*ROWS), north, south, file="south-2026-03.csv")
    assert (named.likely, named.question.default) == ("south", "south")
    assert "north and south fit equally well, and the name of the file is that of south" in named.question.evidence
    unnamed = sources(sampled(*ROWS), north, south)
    assert (names(unnamed), unnamed.likely, unnamed.tie_break) == (["north", "south"], "", "")


def shop(region: str) -> Contract:
    """The contract of one of several countries of a company whose files are alike."""
    columns = {"sale_id": "No", "date": "Day", "country": "Land", "net_amount": "Amount"}
    return contract(f"shop-{region.lower()}", region=region, columns=columns)


def sold_in(*countries: str) -> FileSample:
    rows = [f"{number},2026-03-02,{countries[number % len(countries)]},5.00" for number in range(10)]
    return sampled(*rows, header="No,Day,Land,Amount")


SHOPS = [shop("AT"), shop("France"), shop("UK")]


@pytest.mark.parametrize(
    ("countries", "file", "likely"),
    [
        (["Austria"], "export.csv", "shop-at"),
        (["United Kingdom"], "France.csv", "shop-uk"),
        (["France", "Austria"], "export.csv", ""),
        (["France", "Austria"], "uk-2026-03.csv", "shop-uk"),
        (["Norway"], "Shop-AT.csv", "shop-at"),
        (["Norway"], "export.csv", ""),
    ],
    ids=["country", "country beats name", "two countries", "name of the region", "name", "neither"],
)
def test_the_country_of_the_sales_breaks_ties_before_the_name_and_all_that_fit_are_offered(
    countries: list[str], file: str, likely: str
) -> None:
    result = sources(sold_in(*countries), *SHOPS, file=file)
    assert (result.likely, sorted(names(result))) == (likely, ["shop-at", "shop-france", "shop-uk"])
    assert bool(result.tie_break) is bool(likely)
    assert result.question.choices[-1] == "new"


def unattended(sample: FileSample, file: str, *contracts: Contract) -> tuple[str, str]:
    return choose_without_person(sample, rank_contracts(sample, contracts), file)


def test_a_file_without_a_person_is_read_only_if_content_and_name_leave_one_source() -> None:
    several = ("", "it can be read with shop-at, shop-france and shop-uk")
    assert unattended(sold_in("Austria"), "AT.csv", *SHOPS) == ("shop-at", "")
    assert unattended(sold_in("Austria"), "export.csv", *SHOPS) == several
    assert unattended(sold_in("Austria"), "UK.csv", *SHOPS) == several
    assert unattended(sampled(*ROWS), "narrow.csv", NARROW, WIDE) == ("", "it can be read with wide and narrow")
    assert unattended(sampled(*ROWS), "shop-uk.csv", *SHOPS, WIDE) == ("wide", "")


def test_a_name_decides_for_a_source_that_has_changed_but_not_for_another_table() -> None:
    renamed = sampled(*ROWS, header="No,Day,Items,Amount")
    assert unattended(renamed, "wide-2026.csv", WIDE) == ("wide", "")
    assert unattended(renamed, "export.csv", WIDE) == ("", "no known data source can read it")
    other = sampled("1,2", header="a,b")
    assert unattended(other, "wide.csv", WIDE) == ("", "no known data source can read it")


@pytest.mark.parametrize("threshold", [0.2, 0.0])
@pytest.mark.parametrize("rows", [40, 4])
def test_one_bad_cell_never_makes_a_source_unknown(threshold: float, rows: int) -> None:
    bad = [*ROWS[: rows - 1], "1999,yesterday,Cup,1.00"]
    assert sources(sampled(*bad), contract("till", refused_threshold=threshold)).likely == "till"
    (fit,) = sources(sampled(*bad), contract("till", refused_threshold=threshold)).candidates
    assert fit.fits


def test_a_column_that_is_mostly_unreadable_is_another_format_and_still_offered_alone() -> None:
    result = sources(sampled(*(row.replace("2026-03-", "March ") for row in ROWS)), WIDE)
    (candidate,) = result.candidates
    assert (candidate.fits, result.likely) == (False, "wide")
    assert "is not a date in the format of the data source" in result.question.evidence


def test_a_file_with_another_header_has_no_source() -> None:
    assert sources(sampled(*ROWS, header="Nr,Tag,Ware,Summe"), WIDE) == ContractCandidates(())
    assert questionnaire_of(sampled(*ROWS, header="Nr,Tag,Ware,Summe"), {}, WIDE) is None


def test_the_question_is_the_only_one_and_a_chosen_source_has_none() -> None:
    open_ = questionnaire_of(sampled(*ROWS), {}, NARROW, WIDE)
    assert open_ is not None
    (question,) = open_.questions
    assert (question.key, question.choices, open_.contract) == ("source", ("wide", "narrow", "new"), None)
    chosen = questionnaire_of(sampled(*ROWS), {"source": "narrow"}, NARROW, WIDE)
    assert chosen is not None
    assert (chosen.questions, chosen.contract) == ((), NARROW)


def test_the_chosen_source_has_a_next_version_if_the_file_differs() -> None:
    chosen = questionnaire_of(sampled(*ROWS, header="No,Day,Items,Amount"), {"source": "wide"}, WIDE)
    assert chosen is not None
    assert chosen.contract is not None
    assert (chosen.questions, chosen.contract.version, chosen.contract.columns["product_name"]) == ((), 2, "Items")
    assert [one.about for one in chosen.findings] == ["source", "renamed-column"]


def test_a_new_word_of_a_source_that_fits_is_a_finding_and_no_question() -> None:
    columns = {"sale_id": "No", "date": "Day", "status": "Item", "net_amount": "Amount"}
    till = contract("till", columns=columns, status={"words": {"Cup": "completed"}})
    chosen = questionnaire_of(sampled(*ROWS, "1999,2026-03-01,cancelled,1.00"), {"source": "till"}, till)
    assert chosen is not None
    assert (chosen.questions, chosen.contract) == ((), till)
    assert [one.about for one in chosen.findings] == ["source", "new-word"]


def test_a_source_that_cannot_be_is_refused() -> None:
    with pytest.raises(Rejected, match="There is no contract elsewhere"):
        questionnaire_of(sampled(*ROWS), {"source": "elsewhere"}, WIDE)
    with pytest.raises(Rejected, match="it does not have Day"):
        questionnaire_of(sampled(*ROWS, header="No,Item 2,Item,Amount"), {"source": "wide"}, WIDE)


@pytest.mark.parametrize(
    ("answers", "new"),
    [({}, False), ({"encoding": "cp1252"}, False), ({"source": "new"}, True), ({"region": "IN"}, True),
     ({"source": "wide", "region": "IN"}, False)],
)  # fmt: skip
def test_an_answer_about_the_content_describes_a_new_contract(answers: dict[str, str], *, new: bool) -> None:
    assert describes_new_contract(answers) is new
