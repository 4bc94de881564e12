"""Which columns name a sale line: sets of them that are unique, and those that nearly are."""

from collections import Counter
from itertools import combinations

from tillstream.detection.evidence import CERTAIN, LIKELY, Told
from tillstream.detection.sheet import Sheet

CONTENT = "content"
_TRIED = 60
"""So many sets are looked at."""
_NEARLY = 0.99
_NAMING = ("sale_id", "line_key", "store_id", "date", "product_id", "product_name", "category", "customer_id")


def decide(sheet: Sheet, roles: dict[str, str], told: Told) -> tuple[str, ...] | None:
    """The columns that name a sale where no sale number does; None where one does. Asks `identity`.

    An empty tuple is the content of the row.
    """
    answer = told.answer("identity")
    if answer:
        return _answered(answer, sheet, roles)
    if "sale_id" in roles:
        _numbered(sheet, roles, told)
        return None
    unique, nearly = _sets(sheet, roles)
    choices = (*(",".join(names) for names in unique), CONTENT)
    if unique:
        evidence = f"{' and '.join(unique[0])} differ in all {sheet.rows:,} rows looked at; no column is a sale number"
    elif nearly:
        names, lines = nearly[0]
        told.ask(
            "identity", "Which columns name a sale line?", choices, f"{', '.join(names)} nearly do, but repeat", lines
        )
        return ()
    else:
        evidence = "no column is a sale number, and no few columns are different in every row"
    told.ask("identity", "Which columns name a sale line?", choices, evidence)
    return unique[0] if unique else ()


def _answered(answer: str, sheet: Sheet, roles: dict[str, str]) -> tuple[str, ...] | None:
    """`content`, or names of columns; a single one is the sale number, and with a line number they are two."""
    if answer == CONTENT:
        roles.pop("sale_id", None)
        roles.pop("line_key", None)
        return ()
    names = tuple(name.strip() for name in answer.split(",") if name.strip() in sheet.columns)
    if "sale_id" in roles and roles["sale_id"] in names:
        return None
    if len(names) == 1:
        roles.update({"sale_id": names[0]})
        for role in [role for role, name in roles.items() if name == names[0] and role != "sale_id"]:
            del roles[role]
        return None
    roles.pop("sale_id", None)
    return names


def _numbered(sheet: Sheet, roles: dict[str, str], told: Told) -> None:
    """A sale number is there: with a line number both must be unique; without, equal products are numbered."""
    name = roles["sale_id"]
    if sheet.columns[name].filled < sheet.rows:
        empty = sheet.rows - sheet.columns[name].filled
        told.find("identity", name, f"{name} is empty in {empty:,} rows, which will be refused", 0.7)
    names = [roles[role] for role in ("store_id", "sale_id", "line_key") if role in roles]
    if "line_key" not in roles:
        sales = len(set(sheet.columns[name].words))
        told.find(
            "identity",
            name,
            f"{name} names {sales:,} sales in {sheet.rows:,} rows; equal products are numbered",
            LIKELY,
        )
        return
    repeated = _repeated(sheet, tuple(names))
    if not repeated[0]:
        told.find(
            "identity", ",".join(names), f"{' and '.join(names)} differ in all {sheet.rows:,} rows looked at", CERTAIN
        )
        return
    lines = repeated[1]
    told.ask(
        "identity",
        "Which columns name a sale line?",
        (",".join(names), name),
        f"{' and '.join(names)} are equal in {repeated[0]:,} rows",
        lines,
    )


def _sets(
    sheet: Sheet, roles: dict[str, str]
) -> tuple[list[tuple[str, ...]], list[tuple[tuple[str, ...], tuple[int, ...]]]]:
    """The smallest unique sets of the columns that may name something, and those that nearly are, with the lines."""
    names = [roles[role] for role in _NAMING if role in roles]
    unique: list[tuple[str, ...]] = []
    nearly: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
    tried = 0
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            if any(set(smaller) <= set(chosen) for smaller in unique) or tried >= _TRIED:
                continue
            tried += 1
            count, lines = _repeated(sheet, chosen)
            if not count:
                unique.append(chosen)
            elif count <= (1 - _NEARLY) * sheet.rows:
                nearly.append((chosen, lines))
    dated = [chosen for chosen in unique if roles.get("date") in chosen]
    return dated or unique, nearly


def _repeated(sheet: Sheet, names: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
    """How many rows have a twin in these columns, and the lines of a first pair."""
    columns = [sheet.columns[name].cells for name in names]
    keys = list(zip(*columns, strict=True))
    counted = Counter(keys)
    if len(counted) == len(keys):
        return 0, ()
    twins = [key for key, count in counted.items() if count > 1]
    lines = sheet.columns[names[0]].lines
    pair = [lines[place] for place, key in enumerate(keys) if key == twins[0] and lines[place]][:2]
    return len(keys) - len(counted), tuple(pair)


def per_store(sheet: Sheet, roles: dict[str, str], made: tuple[str, ...] | None, told: Told) -> str:
    """Whether sale numbers run over all stores; per store is right for both where each sale has one store."""
    if "store_id" not in roles or (made and roles["store_id"] in made):
        return "region-wide"
    if "sale_id" in roles:
        stores: dict[str, str] = {}
        pairs = zip(sheet.columns[roles["sale_id"]].cells, sheet.columns[roles["store_id"]].cells, strict=True)
        for number, store in pairs:
            if stores.setdefault(number, store) != store:
                told.find(
                    "identity.ids", "per-store", f"{number} stands in two stores, {stores[number]} and {store}", LIKELY
                )
                break
    return "per-store"
