"""Find the columns that identify a sale line: sets that are unique, or nearly so."""

import re
from collections import Counter
from itertools import combinations

from tillstream.detection.columns import sale_numbers
from tillstream.detection.evidence import CERTAIN, LIKELY, DetectionLog
from tillstream.detection.sheet import Sheet
from tillstream.model.contract import ID_COLUMNS, whole_id_pattern

BY_CONTENT = "content"
_MAX_SETS = 60
"""Maximum number of column sets to try."""
_NEARLY_UNIQUE = 0.99
_ID_ROLES = ("sale_id", "line_key", "store_id", "date", "product_id", "product_name", "category", "customer_id")
_DESCRIBING_ROLES = ("store_id", "date", "product_id", "product_name", "category", "customer_id")
"""Roles of columns that are no sale number, even if no cell recurs in the file."""


def detect_identity(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> tuple[str, ...] | None:
    """Columns that identify a sale together; None if the sale id does alone. Asks `identity`.

    An empty tuple means that the row content identifies the sale.
    """
    answer = log.answer("identity")
    if answer:
        return _apply_answer(answer, sheet, roles)
    if "sale_id" in roles:
        return _by_number(sheet, roles, log)
    unique, nearly = _unique_column_sets(sheet, roles)
    if numbers := sale_numbers.sale_number_candidates(sheet, roles):
        best = numbers[0]
        choices = (*(one.name for one in numbers), *(",".join(names) for names in unique), BY_CONTENT)
        log.add_question("identity", "Which columns identify a sale line?", choices, best.evidence, best.lines)
        return ()
    unordered = sale_numbers.unordered_candidates(sheet, roles)
    choices = (*(",".join(names) for names in unique), *unordered, BY_CONTENT)
    no_number = "no column is named like a sale number, or in order as one is"
    if unique:
        differ = "differs" if len(unique[0]) == 1 else "differ"
        evidence = f"{' and '.join(unique[0])} {differ} in all {sheet.rows:,} sampled rows; {no_number}"
    elif nearly:
        names, lines = nearly[0]
        log.add_question(
            "identity",
            "Which columns identify a sale line?",
            choices,
            f"{', '.join(names)} nearly do, but have repeated values",
            lines,
        )
        return ()
    else:
        evidence = f"{no_number}, and no small set of columns is unique in every row"
    log.add_question("identity", "Which columns identify a sale line?", choices, evidence)
    return unique[0] if unique else ()


def _apply_answer(answer: str, sheet: Sheet, roles: dict[str, str]) -> tuple[str, ...] | None:
    """Apply an `identity` answer: `content` or columns. A single one becomes the sale id, if it describes nothing."""
    if answer == BY_CONTENT:
        roles.pop("sale_id", None)
        roles.pop("line_key", None)
        return ()
    names = tuple(name.strip() for name in answer.split(",") if name.strip() in sheet.columns)
    scope = {roles[role] for role in ("store_id", "sale_id", "line_key") if role in roles}
    if "sale_id" in roles and roles["sale_id"] in names and set(names) <= scope:
        return None
    if len(names) == 1 and names[0] not in {roles.get(role) for role in _DESCRIBING_ROLES}:
        roles.update({"sale_id": names[0]})
        for role in [role for role, name in roles.items() if name == names[0] and role != "sale_id"]:
            del roles[role]
        return None
    roles.pop("sale_id", None)
    return names


def _by_number(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> tuple[str, ...] | None:
    """Identify sales by their number, and by where or when it starts again. Asks `identity`."""
    name = roles["sale_id"]
    if better := sale_numbers.better_than_counter(sheet, roles):
        evidence = f"{name} counts the rows of the file from 1; {better.evidence}"
        log.add_question("identity", "Which column is the sale number?", (better.name, name), evidence)
        return None
    restart = sale_numbers.find_number_restart(sheet, roles)
    if restart is None:
        _check_sale_ids(sheet, roles, log)
        return None
    joined = ",".join(restart.names)
    if restart.is_proved:
        log.add_finding("identity", joined, restart.evidence, LIKELY, restart.lines)
        return restart.names
    choices = (joined or BY_CONTENT, name)
    log.add_question("identity", "Which columns identify a sale?", choices, restart.evidence, restart.lines)
    return None


def _check_sale_ids(sheet: Sheet, roles: dict[str, str], log: DetectionLog) -> None:
    """Check the sale id: with a line number, both must be unique; without, equal products of a sale are numbered."""
    name = roles["sale_id"]
    if sheet.columns[name].filled < sheet.rows:
        empty = sheet.rows - sheet.columns[name].filled
        log.add_finding("identity", name, f"{name} is empty in {empty:,} rows, which will be rejected", 0.7)
    if padded := sale_numbers.with_and_without_zeros(sheet.columns[name]):
        evidence = (
            f"{len(padded):,} numbers of {name} are written with and without leading zeros, such as {padded[0]} and "
            f"{padded[0].lstrip('0')}, which would be two sales: export the file again if they are one"
        )
        lines = sheet.columns[name].first_lines(padded[0].lstrip("0"), padded[0])
        log.add_question("identity", "Which columns identify a sale?", (name, BY_CONTENT), evidence, lines)
        return
    names = [roles[role] for role in ("store_id", "sale_id", "line_key") if role in roles]
    if "line_key" not in roles:
        sales = len(set(sheet.columns[name].words))
        log.add_finding(
            "identity",
            name,
            f"{name} identifies {sales:,} sales in {sheet.rows:,} rows; equal products are numbered",
            LIKELY,
        )
        return
    duplicates = _duplicate_rows(sheet, tuple(names))
    if not duplicates[0]:
        log.add_finding(
            "identity", ",".join(names), f"{' and '.join(names)} differ in all {sheet.rows:,} sampled rows", CERTAIN
        )
        return
    lines = duplicates[1]
    log.add_question(
        "identity",
        "Which columns identify a sale line?",
        (",".join(names), name),
        f"{' and '.join(names)} repeat those of an earlier row in {duplicates[0]:,} rows",
        lines,
    )


def _unique_column_sets(
    sheet: Sheet, roles: dict[str, str]
) -> tuple[list[tuple[str, ...]], list[tuple[tuple[str, ...], tuple[int, ...]]]]:
    """Smallest unique sets of identifying columns, and nearly unique ones with lines of duplicates."""
    names = [roles[role] for role in _ID_ROLES if role in roles]
    unique: list[tuple[str, ...]] = []
    nearly: list[tuple[tuple[str, ...], tuple[int, ...]]] = []
    tried = 0
    for size in range(1, len(names) + 1):
        for columns in combinations(names, size):
            if any(set(smaller) <= set(columns) for smaller in unique) or tried >= _MAX_SETS:
                continue
            tried += 1
            count, lines = _duplicate_rows(sheet, columns)
            if not count:
                unique.append(columns)
            elif count <= (1 - _NEARLY_UNIQUE) * sheet.rows:
                nearly.append((columns, lines))
    dated = [columns for columns in unique if roles.get("date") in columns]
    return dated or unique, nearly


def _duplicate_rows(sheet: Sheet, names: tuple[str, ...]) -> tuple[int, tuple[int, ...]]:
    """Number of duplicate rows in these columns, and the lines of the first pair."""
    columns = [sheet.columns[name].cells for name in names]
    keys = list(zip(*columns, strict=True))
    counts = Counter(keys)
    if len(counts) == len(keys):
        return 0, ()
    duplicates = [key for key, count in counts.items() if count > 1]
    lines = sheet.columns[names[0]].lines
    pair = [lines[index] for index, key in enumerate(keys) if key == duplicates[0] and lines[index]][:2]
    return len(keys) - len(counts), tuple(pair)


def whole_number_ids(sheet: Sheet, roles: dict[str, str], decimal: str) -> list[str]:
    """The roles of IDs that are numbers in the file: another one may have them as 12557.0, written by a spreadsheet."""
    names = {role: roles[role] for role in sorted(ID_COLUMNS & roles.keys()) if roles[role] in sheet.columns}
    written = re.compile(whole_id_pattern(re.escape(decimal)))
    words = {role: sheet.columns[name].words for role, name in names.items()}
    return [role for role, own in words.items() if len(own) > 1 and all(map(written.fullmatch, own))]


def sale_id_scope(sheet: Sheet, roles: dict[str, str], sale_columns: tuple[str, ...] | None, log: DetectionLog) -> str:
    """Scope of sale ids. `per-store` is also correct for region-wide ids if each sale has one store."""
    if "store_id" not in roles or (sale_columns and roles["store_id"] in sale_columns):
        return "region-wide"
    if "sale_id" in roles:
        stores: dict[str, str] = {}
        pairs = zip(sheet.columns[roles["sale_id"]].cells, sheet.columns[roles["store_id"]].cells, strict=True)
        for number, store in pairs:
            if stores.setdefault(number, store) != store:
                log.add_finding(
                    "identity.ids", "per-store", f"{number} occurs in two stores, {stores[number]} and {store}", LIKELY
                )
                break
    return "per-store"
