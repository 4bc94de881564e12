"""The list of uploads counts the rows that are left to fix and finds their files; a receipt names who can undo it."""

import re
from io import BytesIO

from visitor import People, Work, indian_file, indian_sale

from tillstream.model.permissions import Role

ONE_BAD = indian_file(*(indian_sale(str(number)) for number in range(1, 10)), indian_sale("10", "ten"))


def to_fix(page: str) -> list[str]:
    """The cells of the column To fix."""
    cells = re.findall(r'data-label="To fix" class="num">(.*?)</td>', page)
    return [re.sub("<[^>]+>", "", cell) for cell in cells]


def test_a_corrected_row_is_no_longer_counted(person: People, work: Work) -> None:
    clerk = person(Role.CLERK, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    page = clerk.get("/uploads?state=fix").text
    assert to_fix(page) == ["1"]
    assert f'href="/uploads/{batch}/fix"' in page
    assert "/uploads?state=fix" in clerk.get("/dashboard?whole=1").text

    corrected = clerk.get(f"/uploads/{batch}/refused.csv").data.decode("utf-8-sig").replace(",ten,", ",100.00,")
    clerk.post(f"/uploads/{batch}/fix", {"file": (BytesIO(corrected.encode()), "june-refused.csv")})
    work()
    assert to_fix(clerk.get("/uploads").text) == ["0"]
    assert "No upload has this name and state" in clerk.get("/uploads?state=fix").text


def test_a_clerk_reads_who_can_undo_a_file(person: People, work: Work) -> None:
    clerk, manager = person(Role.CLERK, "IN"), person(Role.MANAGER, "IN")
    batch = clerk.upload(ONE_BAD)
    work()
    words = "A manager of IN or an administrator can undo it."
    assert words in clerk.get(f"/uploads/{batch}").text
    assert words not in manager.get(f"/uploads/{batch}").text
