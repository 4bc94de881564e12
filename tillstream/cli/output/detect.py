"""Terminal output of `detect`."""

from typing import Any

from tillstream.commands.printing import print_line, print_title


def show_proposal(data: dict[str, Any], *, as_yaml: bool) -> None:
    if as_yaml:
        from tillstream.contracts.contract_files import data_to_yaml

        for question in data["questions"]:
            print_line(f"# open: {question['key']}: {question['question']}")
        print_line(data_to_yaml(data["contract"]).rstrip())
        return
    contract = data["contract"]
    what = f" · proposed contract {contract['name']}" if contract else ""
    if data["source"]:
        what = f" · contract {contract['name']}, version {contract['version']}"
    print_title(data["file"], f"{what} · {data['rows_read']:,} rows sampled")
    width = max((len(one["about"]) for one in data["findings"]), default=0)
    for one in data["findings"]:
        why = f"{one['sure']} · {one['evidence']}{_lines(one['lines'])}"
        print_line(f"  {one['about']:<{width}}  {_value(one['value'])} · {why}")
    _columns(data["columns"])
    for one in data["questions"]:
        _question(one)
    if data["first_load"]:
        print_line("figures of the whole file, to compare with those that you know")
        for sentence in data["first_load"]["sentences"]:
            print_line(f"  {sentence}")
    if data["unreadable"]:
        print_line(f"the contract cannot read the whole file: {data['unreadable']}")
    _next_step(data)


def _columns(columns: list[dict[str, Any]]) -> None:
    if columns:
        print_line("columns of the file, with the first values of the sampled rows")
    width = max((len(one["name"]) for one in columns), default=0)
    for one in columns:
        use = " and ".join(one["roles"]) or {"extra": "kept as extra"}.get(one["use"], one["use"])
        samples = ", ".join(f"“{sample}”" for sample in one["samples"]) or "no values"
        total = f" · sum {one['sum']}" if one["sum"] else ""
        print_line(f"  {one['name']:<{width}}  {use} · {samples} · {one['filled']:,} filled{total}")


def _value(value: str) -> str:
    return {"\t": "tab", " ": "blank"}.get(value, value)


def _lines(lines: list[int]) -> str:
    if not lines:
        return ""
    return f" ({'line' if len(lines) == 1 else 'lines'} {', '.join(map(str, lines))})"


def _question(one: dict[str, Any]) -> None:
    key = f"{one['key']}.WORD" if "words" in one else one["key"]
    print_title(f"? {one['question']}", f" --answer {key}={'|'.join(map(_value, one['choices'])) or '…'}")
    if one["default"]:
        print_line(f"  usually {_value(one['default'])}")
    if one["evidence"]:
        print_line(f"  {one['evidence']}{_lines(one['lines'])}")
    if one["none"]:
        print_line(f"  {'--answer column.status=-' if 'words' in one else '-'} means: {one['none']}")
    for use in one.get("words", ()):
        rows = f"{use['rows']:,} {'row' if use['rows'] == 1 else 'rows'}"
        amount = f", together {use['amount']}" if use["amount"] else ""
        meaning = use["meaning"] or f"--answer {use['key']}={'|'.join(use['choices'])}"
        print_line(f"  {use['word'] or '(no word)'} · {rows}{amount} · {meaning}")


def _next_step(data: dict[str, Any]) -> None:
    count = len(data["questions"])
    if count:
        print_line(f"{count} {'question is' if count == 1 else 'questions are'} open. Answer with --answer KEY=VALUE.")
    elif data["saved"]:
        saved = data["saved"]
        print_line(
            f"Saved as contract {saved['name']}, version {saved['version']}: ingest FILE --region {saved['name']}"
        )
    elif data["source"]:
        name = data["source"]
        print_line(f"No question is open. To load the file, use ingest FILE --region {name}.")
    else:
        print_line("No question is open. To save the contract, use --save NAME; to print it, use --yaml.")
