"""One answer for all files of a sender that are held for the same reasons, on each page that asks for one."""

import pytest
from visitor import HEADER, PASSWORD, People, Visitor, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.model.batch import STATES_IN_LEDGER, BatchState
from tillstream.model.permissions import Role
from tillstream.people import accounts
from tillstream.records import batch_records

ALSO = "Also for the {} from {} with the same reasons"


def widened(number: str) -> bytes:
    return "\n".join([f"{HEADER},Mood", f"{indian_sale(number)},good", ""]).encode()


def mostly_bad(prefix: str, store: str = "MUM01") -> bytes:
    rows = [*(indian_sale(f"{prefix}{number}", "ten") for number in range(6)), indian_sale(f"{prefix}9", "40.00")]
    return indian_file(*(row.replace("MUM01", store) for row in rows))


def states(app: App, *batches: str) -> set[BatchState]:
    return {batch_records.get_batch(app.ports, batch).state for batch in batches}


@pytest.mark.parametrize("page", ["/uploads/{}", "/waiting/{}", "/waiting/{}/answers"])
def test_one_accepted_version_reads_all_files(app: App, person: People, work: Work, page: str) -> None:
    admin = person(Role.ADMIN, login="ada")
    admin.upload(indian_file(indian_sale("1")))
    work()
    held = [admin.upload(widened(str(number)), f"day-{number}.csv") for number in range(5, 8)]
    work()
    assert states(app, *held) == {BatchState.HELD}
    assert ALSO.format("2 other files", "ada") in admin.get(page.format(held[1])).text
    answer = admin.post(f"/uploads/{held[1]}/accept", {"all": "yes"}, follow_redirects=True).text
    assert "The same answer was given for 2 other files with the same reasons." in answer
    work()
    assert states(app, *held) <= STATES_IN_LEDGER
    assert app.contracts.current("IN").version == 2


@pytest.mark.parametrize(("answer", "then"), [("confirm", STATES_IN_LEDGER), ("reject", {BatchState.REJECTED})])
def test_one_answer_decides_about_all_and_without_the_choice_about_one(
    app: App, person: People, work: Work, answer: str, then: set[BatchState]
) -> None:
    admin = person(Role.ADMIN, login="ada")
    held = [admin.upload(mostly_bad(prefix), f"{prefix}.csv") for prefix in "ABCD"]
    other = person(Role.MANAGER, "IN").upload(mostly_bad("E"), "E.csv")
    work()
    admin.post(f"/uploads/{held[3]}/{answer}")
    assert states(app, *held[:3]) == {BatchState.HELD}
    assert ALSO.format("2 other files", "ada") in admin.get(f"/uploads/{held[0]}").text
    admin.post(f"/uploads/{held[0]}/{answer}", {"all": "yes"})
    work()
    assert states(app, *held) <= then
    assert states(app, other) == {BatchState.HELD}


def test_files_of_other_stores_are_left_out(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN, login="ada")
    held = [admin.upload(mostly_bad(prefix), f"{prefix}.csv") for prefix in "AB"]
    elsewhere = admin.upload(mostly_bad("C", "DEL01"), "C.csv")
    work()
    accounts.add_account(
        app.ports, "mumbai", "Mira", Role.MANAGER, regions=("IN",), stores=("MUM01",), password=PASSWORD
    )
    mira = Visitor(admin.client.application.test_client())
    mira.sign_in("mumbai")
    assert ALSO.format("1 other file", "ada") in mira.get(f"/uploads/{held[0]}").text
    mira.post(f"/uploads/{held[0]}/reject", {"all": "yes"})
    assert (states(app, *held), states(app, elsewhere)) == ({BatchState.REJECTED}, {BatchState.HELD})
