"""A file of a new contract: its status words are mapped, its columns listed, and its figures shown before it loads."""

import re

from upload_steps import ANSWERS, UNKNOWN, look_at, summary_of, text_of
from visitor import People, Work, indian_file, indian_sale

from tillstream.app import App
from tillstream.contracts import registry
from tillstream.model.batch import Batch
from tillstream.model.contract import parse_contract
from tillstream.model.events import INBOX
from tillstream.model.permissions import Role
from tillstream.records import batch_records

SHOP = {
    "name": "shop",
    "region": "North",
    "currency": "EUR",
    "columns": {"sale_id": "No", "date": "Day", "net_amount": "Net"},
    "identity": {"ids": "region-wide"},
}


def selected(page: str, word: str) -> str:
    """What a word of the status column is mapped to in the form."""
    field = re.search(rf'name="answer\.status\.{word}".*?</select>', page, re.DOTALL)
    assert field
    chosen = re.search(r'value="(\w*)" selected', field[0])
    return chosen[1] if chosen else ""


def test_every_word_is_listed_with_its_rows_and_amount_and_known_ones_can_be_changed(person: People) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN, "linz.csv")
    page = admin.get(place).text
    assert "What does each word of Zustand mean for the sale?" in text_of(page)
    assert "bezahlt 2 1,204.3" in text_of(page)
    assert (selected(page, "bezahlt"), selected(page, "verschollen")) == ("completed", "")
    admin.post(f"{place}/answers", ANSWERS | {"answer.status.verschollen": "ignore"})
    page = admin.get(place).text
    assert selected(page, "verschollen") == "ignore"
    assert "3 read, 2 accepted, 1 ignored" in text_of(page)
    admin.post(f"{place}/answers", {"answer.status.bezahlt": "pending"})
    assert selected(admin.get(place).text, "bezahlt") == "pending"


def test_the_figures_are_above_the_button_that_saves_the_contract(app: App, person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    place = look_at(admin, UNKNOWN + b"Summe;;;;;1.354,40;\n", "linz.csv")
    assert "Do these totals match your records" not in admin.get(place).text
    admin.post(f"{place}/answers", ANSWERS)
    page = summary_of(admin, place)
    assert 0 < page.index("Do these totals match your records") < page.index("Save the data source and import")
    text = text_of(page)
    assert "Days 3 Apr – 4 May 2026 Revenue 1,204.30 EUR Cancelled 240.00 EUR Returned 0.00 EUR" in text
    assert "Units 3 Orders 2 Stores Graz new , Linz new" in text
    assert "Total line of the file (line 5 ) 1,354.40" in text
    assert admin.post(f"{place}/save", {"name": "linz"}).status_code == 303
    work()
    assert not registry.needs_confirmation(app.ports, app.contracts.current("linz"))


def test_every_column_is_listed_with_what_becomes_of_it(person: People) -> None:
    admin = person(Role.ADMIN)
    first, *rows = UNKNOWN.splitlines()
    content = b"\n".join((first + b";Punkte", *(row + b";7" for row in rows), b""))
    text = text_of(admin.get(look_at(admin, content, "linz.csv")).text)
    assert "Preis 1.024,50 → becomes 1,024.50 89,90 → becomes 89.90 240,00 → becomes 240.00" in text
    assert text.index("1 column not used") < text.index("Punkte 7 Not used")


def dropped(app: App, work: Work, name: str, content: bytes) -> Batch:
    with app.ports.objects.writer(INBOX, name) as writer:
        writer.write(content)
    work()
    return next(one for one in batch_records.find_batches(app.ports) if one.file == name)


def test_a_dropped_file_of_a_new_contract_waits_for_a_person_with_its_figures(
    app: App, person: People, work: Work
) -> None:
    app.contracts.save(parse_contract(SHOP), "boss")
    held = dropped(app, work, "shop-may.csv", b"No,Day,Net\n1,2026-05-02,20.00\n2,2026-05-03,22.50\n")
    admin = person(Role.ADMIN)
    page = text_of(admin.get(f"/uploads/{held.batch_id}").text)
    assert "First file of a new data source" in page
    assert "Revenue 42.50 EUR" in page
    assert admin.post(f"/uploads/{held.batch_id}/confirm").status_code == 303
    work()
    assert "2 of 2 rows imported" in admin.get(f"/uploads/{held.batch_id}").text
    later = dropped(app, work, "shop-june.csv", b"No,Day,Net\n3,2026-06-02,20.00\n")
    assert later.settlement_no


def test_a_clerks_proposal_shows_the_figures_to_the_administrator(app: App, person: People, work: Work) -> None:
    clerk, admin = person(Role.CLERK, "Austria"), person(Role.ADMIN)
    place = look_at(clerk, UNKNOWN, "linz.csv")
    clerk.post(f"{place}/answers", ANSWERS)
    assert "Propose the data source" in summary_of(clerk, place)
    clerk.post(f"{place}/save", {"name": "linz"})
    work()
    assert "Revenue 1,204.30 EUR" in text_of(admin.get("/uploads/proposals").text)


def test_new_words_hold_a_file_below_the_contracts_threshold_and_are_mapped_in_the_portal(
    app: App, person: People, work: Work
) -> None:
    admin = person(Role.ADMIN)
    sales = [indian_sale(str(number)) for number in range(1, 31)]
    batch = admin.upload(indian_file(*sales[:-1], sales[-1].replace(",Completed,", ",Lost,")))
    work()
    page = admin.get(f"/uploads/{batch}").text
    assert "Unknown status words" in text_of(page)
    place = f"/uploads/{batch}/questions"
    assert f'href="{place}"' in page
    assert admin.post(place, {"answer.status.Lost": "ignore"}).status_code == 303
    assert selected(admin.get(place).text, "Lost") == "ignore"
    assert admin.post(f"{place}/save").status_code == 303
    work()
    assert "29 of 30 rows imported" in admin.get(f"/uploads/{batch}").text
    assert app.contracts.current("IN").status.words["Lost"] == "ignore"


def test_shipping_in_a_total_is_a_question_whose_answer_is_part_of_the_contract(app: App, person: People) -> None:
    rows = [
        f"{n},2026-03-{n + 1:02},{n % 3 + 1},10.50,{n % 2 * 4.9},{(n % 3 + 1) * 10.5 + n % 2 * 4.9:.2f}\n"
        for n in range(20)
    ]
    content = ("Order No,Date,Qty,Price,Post cost,Total\n" + "".join(rows)).encode()
    admin = person(Role.ADMIN)
    place = look_at(admin, content, "web.csv")
    assert "Total includes Post cost. Is it subtracted" in text_of(admin.get(place).text)
    answers = {"region": "North", "country": "-", "currency": "EUR", "subtract.Post cost": "yes"}
    admin.post(f"{place}/answers", {f"answer.{key}": answer for key, answer in answers.items()})
    assert "Revenue 409.50 EUR" in text_of(admin.get(place).text)
    assert admin.post(f"{place}/save", {"name": "web"}).status_code == 303
    assert app.contracts.current("web").amounts.subtract == {"net_amount": ("Post cost",)}


def test_a_column_that_may_be_the_status_is_a_question_of_yes_or_no(app: App, person: People) -> None:
    rows = [
        f"{1000 + n // 2},2026-03-{1 + n % 28:02},P{n % 5},{10 + n}.50,{'VVVXVVOV'[n // 2 % 8]}\n" for n in range(72)
    ]
    admin = person(Role.ADMIN)
    place = look_at(admin, ("Order No,Date,Product ID,Total,Kz\n" + "".join(rows)).encode(), "letters.csv")
    text = text_of(admin.get(place).text)
    assert "Does Kz decide whether a sale counts?" in text
    assert "Does Kz decide whether a sale counts? open" in text
    assert "Enter `-`" not in text


def test_a_time_zone_can_be_answered_by_its_city(person: People) -> None:
    admin = person(Role.ADMIN)
    timed = UNKNOWN.replace(b"03/04/2026", b"03/04/2026 10:15").replace(b"05/04/2026", b"05/04/2026 18:40")
    place = look_at(admin, timed, "linz.csv")
    assert admin.post(f"{place}/answers", {"answer.time_zone": "new york"}).status_code == 303
    assert 'value="America/New_York"' in admin.get(place).text
    refused = admin.post(f"{place}/answers", {"answer.time_zone": "Narnia"})
    assert (refused.status_code, "it must be a name such as Europe/London" in refused.text) == (422, True)
