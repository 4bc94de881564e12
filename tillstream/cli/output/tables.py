"""Terminal output of receipts, rejected rows and undos."""

from typing import Any

from tillstream.commands.printing import amount_or_blank, print_line, print_title

ROW_COUNTS = ("new", "corrected", "duplicate", "quarantined", "blank", "ignored")


def show_receipts(data: Any) -> None:
    for receipt in data if isinstance(data, list) else [data]:
        _receipt(receipt)


def show_demo(data: dict[str, Any]) -> None:
    """The receipts of the sample files, and the accounts with their passwords."""
    show_receipts(data["files"])
    for person in data["accounts"]:
        print_line(f"Sign in as {person['login']} ({person['role']}) with the password {person['password']}")


def _receipt(receipt: dict[str, Any]) -> None:
    batch = receipt.get("batch_id", "nothing stored")
    print_title(receipt["file"], f" · {receipt['contract'] or 'no contract yet'} · {receipt['status']} · {batch}")
    for hold in receipt.get("holds", []):
        print_line(f"  held: {hold['message']} ({hold['code']})")
    if proposal := receipt.get("proposal"):
        print_line(
            f"  proposed: version {proposal['version']} of {proposal['contract']}; `accept` saves it and reads the "
            "file with it"
        )
        for change in proposal["changes"]:
            print_line(f"    {change}")
    if receipt.get("error"):
        print_line(f"  {receipt['error']}")
    rows = receipt.get("rows")
    if rows and (rows["read"] or rows["new"] is not None):
        parts = " + ".join(f"{_count(rows[name])} {name}" for name in ROW_COUNTS)
        print_line(f"  {_count(rows['read'])} rows read = {parts}")
        if not rows["read"]:
            print_line("  The file has a header but no rows.")
    for amount in receipt.get("amounts", []):
        net, gross = (amount_or_blank(amount[name], amount["currency"]) for name in ("net", "gross"))
        repeated = (
            f", with {rows['duplicate']:,} duplicate rows, which count once" if rows and rows["duplicate"] else ""
        )
        print_line(f"  net {net} {amount['currency']}" + (f", gross {gross}" if gross else "") + repeated)
    for one in receipt.get("imported_before", []):
        revenue = amount_or_blank(one["revenue"], one["currency"])
        print_line(f"  imported before: revenue {revenue} {one['currency']} in {one['lines']:,} lines")
    for problem in receipt.get("problems", []):
        where = f", first on line {problem['first_line']}" if problem["first_line"] else ""
        column = f" in {problem['column']}" if problem["column"] else ""
        print_line(f"  {problem['severity']}: {problem['code']}{column}, {_count(problem['count'])} ×{where}")


def _count(number: int | None) -> str:
    return "…" if number is None else f"{number:,}"


def show_refused(data: dict[str, Any]) -> None:
    for row in data["rows"]:
        print_title(f"line {row['line_number']}", f"  {row['raw']}")
        for problem in row["problems"]:
            print_line(f"  {problem['message']} {problem['remedy']}")
    count = len(data["rows"])
    print_line(f"{data['file']} has {count:,} {'row' if count == 1 else 'rows'} to fix.")


def show_undo(data: dict[str, Any]) -> None:
    if not data["changes"]:
        return
    changes = ", ".join(f"{_count(count)} {kind}" for kind, count in data["changes"].items())
    print_line(f"{data['file']}: {changes}.")
    after = {(row["region"], row["currency"]): row for row in data.get("after", [])}
    for row in data.get("before", []):
        then = after.get((row["region"], row["currency"]))
        if then is None or then["net"] != row["net"]:
            net, now = (amount_or_blank(text, row["currency"]) for text in (row["net"], then["net"] if then else "0"))
            print_line(f"  {row['region']}: net {net} → {now} {row['currency']}")


def show_undo_preview(data: dict[str, Any]) -> None:
    show_undo(data)
    if not data["changes"]:
        print_line(f"{data['file']} is too large for a preview.")
    print_line("This is a preview. To undo the batch, use --yes.")


def show_undone(data: dict[str, Any]) -> None:
    show_undo(data)
    if data.get("requested"):
        print_line(f"{data['file']} is being undone. Because it is large, this takes some minutes.")
    else:
        print_line(f"{data['file']} is undone.")
