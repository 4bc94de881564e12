"""The menu counts open items beside an entry, and the tab beside the area that has them; the search has the pages."""

import re

from visitor import People, Work, indian_file, indian_sale

from tillstream.model.permissions import Role


def _part(page: str, landmark: str) -> str:
    match = re.search(rf'<nav class="{landmark}".*?</nav>', page, re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", match[0]).split()) if match else ""


def test_what_needs_review_is_counted_on_the_entry_and_on_its_tab(person: People, work: Work) -> None:
    admin = person(Role.ADMIN)
    assert "needs review" not in _part(admin.get("/stock").text, "areas")
    admin.upload(indian_file(*(indian_sale(f"A{one}", "x") for one in range(40))))
    work()
    page = admin.get("/uploads").text
    assert "Files 1 1 file or day close needs review" in _part(page, "areas")
    assert "Needs review 1 1 file or day close needs review" in _part(page, "entry-tabs")
    assert "needs review" not in _part(admin.get("/stock").text, "entry-tabs")


def test_an_entry_with_one_page_has_the_name_of_the_page(person: People) -> None:
    page = person(Role.ANALYST).get("/quality").text
    assert "Data quality" in _part(page, "areas")
    assert "Files" not in _part(page, "areas")
    assert _part(page, "entry-tabs") == ""


def test_the_page_and_its_entry_are_marked(person: People) -> None:
    admin = person(Role.ADMIN)
    page = admin.get("/customers").text
    assert re.search(r'<nav class="areas".*<a href="/dashboard" aria-current="true">', page, re.DOTALL)
    assert re.search(
        r'<nav class="entry-tabs" aria-label="Pages of Sales">.*<a href="/customers" aria-current="page">',
        page,
        re.DOTALL,
    )
    assert '<a href="/dashboard" aria-current="page">' in admin.get("/dashboard").text


def test_the_search_lists_pages_by_name_that_the_user_may_open(person: People) -> None:
    salesperson, admin = person(Role.SALESPERSON), person(Role.ADMIN)
    assert '<a href="/restock">Restock</a>' in salesperson.get("/search?q=stock").text
    assert "Audit log" not in salesperson.get("/search?q=audit").text
    assert '<li><a href="/audit">Audit log</a>' in admin.get("/search?q=AUDIT").text
