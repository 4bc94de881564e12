"""Each sentence of evidence follows from the file: its cells, counts and shares are those of the file."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from examples import examples
from tillstream.detection import Proposal, propose

ANSWERS = {"region": "North", "country": "-", "time_zone": "UTC"}
Rows = Sequence[Mapping[str, str]]
Check = Callable[[re.Match[str], Rows], bool]
DATES: tuple[Callable[[date], str], ...] = (
    lambda day: f"{day:%d/%m/%Y}",
    lambda day: f"{day.month}/{day.day}/{day.year}",
    lambda day: f"{day:%Y-%m-%d}",
    lambda day: f"{day:%d.%m.%y}",
    lambda day: f"{day.month}/{day.day}/{day.year} 0:00",
    lambda day: f"{day:%a %d/%m/%Y}",
)
QUANTITIES = ("{}", "{} pcs")


def _cell_in_column(match: re.Match[str], rows: Rows) -> bool:
    """The last of several quoted cells names the column of all."""
    return any(row.get(match["column"].strip()) == match["cell"] for row in rows)


def _small_days(match: re.Match[str], rows: Rows) -> bool:
    like = re.sub("[0-9]+", "9", match["cell"])
    cells = [row[match["column"]] for row in rows if re.sub("[0-9]+", "9", row[match["column"]]) == like]
    return bool(cells) and all(max(map(int, re.findall("[0-9]+", cell)[:2])) <= 12 for cell in cells)


def _is_unique(match: re.Match[str], rows: Rows) -> bool:
    names = match["columns"].split(" and ")
    return int(match["rows"]) == len(rows) == len({tuple(row[name] for name in names) for row in rows})


def _repeats(match: re.Match[str], rows: Rows) -> bool:
    names = match["columns"].split(" and ")
    return int(match["rows"]) == len(rows) - len({tuple(row[name] for name in names) for row in rows})


def _sales(match: re.Match[str], rows: Rows) -> bool:
    return (int(match["sales"]), int(match["rows"])) == (len({row[match["column"]] for row in rows}), len(rows))


def _is_whole(match: re.Match[str], rows: Rows) -> bool:
    names = match["columns"].split(" and ")
    return all(re.fullmatch(r"-?[0-9]+( pcs)?", row[name]) for row in rows for name in names if row[name])


def _product(match: re.Match[str], rows: Rows) -> bool:
    """quantity × price, with a discount that is subtracted, in at least the share that is named."""
    total, quantity, price, discount = (match[name] for name in ("total", "quantity", "price", "discount"))
    agreeing = [
        abs(
            _number(row[total])
            - _number(row[quantity]) * _number(row[price])
            + (_number(row[discount]) if discount else 0)
        )
        <= Decimal("0.011")
        for row in rows
    ]
    return _is_share(match["share"], sum(agreeing), len(agreeing))


def _line_totals(match: re.Match[str], rows: Rows) -> bool:
    differences = (
        _number(row["Total"]) - _number(row.get("Xq") or row["Quantity"]) * _number(row["Price"]) for row in rows
    )
    return _is_share(match["share"], sum(abs(one) <= Decimal("0.011") for one in differences), len(rows))


def _words(match: re.Match[str], rows: Rows) -> bool:
    return int(match["rows"]) in Counter(row[match["column"]] for row in rows).values()


def _small_numbers(match: re.Match[str], rows: Rows) -> bool:
    names = re.split(", | and ", match["columns"])
    return all(re.fullmatch("[0-9]{1,6}", row[name]) for row in rows for name in names)


def _is_share(text: str, part: int, whole: int) -> bool:
    is_exact = (text == "100%") == (part == whole) and (text == "0%") == (part == 0)
    return is_exact and abs(int(text.rstrip("%")) - 100 * part / whole) <= 1


def _number(cell: str) -> Decimal:
    return Decimal(cell.removesuffix(" pcs"))


SENTENCES: tuple[tuple[str, Check], ...] = (
    (r"“(?P<cell>[^”]+)” in (?P<column>[A-Z][a-z]+)\b", _cell_in_column),
    (r"no day of the dates in (?P<column>\w+) that look like “(?P<cell>[^”]+)” is greater than 12", _small_days),
    (r"(?P<columns>[\w ]+) differ in all (?P<rows>\d+) sampled rows", _is_unique),
    (r"(?P<columns>[\w ]+) repeat those of an earlier row in (?P<rows>\d+) rows", _repeats),
    (r"(?P<column>\w+) identifies (?P<sales>\d+) sales in (?P<rows>\d+) rows", _sales),
    (r"all sampled numbers of (?P<columns>[\w ]+) are whole", _is_whole),
    (
        r"(?P<total>\w+) is (?P<quantity>\w+) × (?P<price>\w+)(?: − (?P<discount>\w+))? in (?P<share>\d+%) of \d+ rows",
        _product,
    ),
    (r"quantity × price less discount(?: is the Total)? in (?P<share>\d+%) of the compared rows", _line_totals),
    (r"a word of (?P<column>\w+) in (?P<rows>\d+) rows?", _words),
    (r"the numbers of (?P<columns>[\w, ]+) are whole and small", _small_numbers),
)


def statements(proposal: Proposal) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    for one in (*proposal.findings, *proposal.questions):
        yield (one.about if hasattr(one, "about") else one.key), one.evidence, one.lines


def check(rows: Rows, **answers: str) -> Counter[str]:
    """Check each sentence of the evidence of a file, and count those that were checked."""
    header = list(rows[0])
    text = "\n".join([",".join(header), *(",".join(row.values()) for row in rows), ""])
    proposal = propose(io.BytesIO(text.encode()), name="shop", answers=ANSWERS | answers)
    checked: Counter[str] = Counter()
    for about, evidence, lines in statements(proposal):
        assert all(1 <= line <= len(rows) + 1 for line in lines)
        for pattern, is_true in SENTENCES:
            for match in re.finditer(pattern, evidence):
                assert is_true(match, rows), f"{about}: {evidence}"
                checked[pattern] += 1
    return checked


@st.composite
def files(draw: st.DrawFn) -> list[dict[str, str]]:
    styles = draw(st.lists(st.sampled_from(DATES), min_size=1, max_size=2))
    first = date(2026, draw(st.integers(1, 6)), draw(st.integers(1, 28)))
    quantity, has_price = draw(st.sampled_from(QUANTITIES)), draw(st.booleans())
    wrong = draw(st.sets(st.integers(0, 40), max_size=4))
    words = draw(st.sampled_from([("paid",), ("paid", "cancelled"), ("A", "B", "paid")]))
    places = draw(st.sampled_from([0, 2]))
    rows = []
    for number in range(draw(st.integers(6, 40))):
        day = first + timedelta(days=draw(st.integers(0, 40)))
        units = draw(st.integers(1, 9))
        price = draw(st.decimals(1, 90, places=places))
        total = units * price + (1 if number in wrong else 0)
        row = {
            "Receipt": str(1000 + number // draw(st.integers(1, 2))),
            "Date": draw(st.sampled_from(styles))(day),
            draw(st.just("Quantity")): quantity.format(units),
        }
        row |= {"Price": str(price)} if has_price else {"Till": str(draw(st.integers(1, 3)))}
        rows.append(row | {"Total": str(total), "Status": words[number % len(words)]})
    return rows


@settings(max_examples=examples(150))
@given(files(), st.sampled_from(["Quantity", "Xq"]))
def test_each_sentence_of_evidence_is_true_of_the_file(rows: list[dict[str, str]], name: str) -> None:
    check([{name if key == "Quantity" else key: cell for key, cell in row.items()} for row in rows])


def test_the_sentences_that_are_checked_are_those_that_detection_writes() -> None:
    base = [
        {
            "Receipt": str(n),
            "Date": f"{n % 12 + 1:02}/{n * 5 % 12 + 1:02}/2026",
            "Qty": str(n % 4 + 1),
            "Total": f"{n}.50",
        }
        for n in range(12, 60)
    ]
    as_whole = [row | {"Total": "12", "Receipt": str(n)} for n, row in enumerate(base)]
    till = [{"Xq" if key == "Qty" else key: cell for key, cell in row.items()} | {"Status": "paid"} for row in base]
    checked = check(base) + check(as_whole) + check(till)
    assert {SENTENCES[place][0] for place in (0, 1, 4, 5, 8, 9)} <= checked.keys()
