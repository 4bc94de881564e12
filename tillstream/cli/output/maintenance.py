"""What upkeep commands did, as words on a terminal: status, sweep, announce, rebuild, rates, contracts, accounts."""

from typing import Any

from tillstream.cli.output.tables import ROWS, say, title

SWEPT = {
    "taken": "took {} from the watched folder",
    "registered": "registered {} that nobody had heard of",
    "staged": "read {} again that had stopped",
    "settled": "made {} that waited",
    "undone": "finished {}",
    "announced": "announced {} that nobody had been told of",
}
COUNTED = {
    "taken": ("file", "files"),
    "registered": ("file", "files"),
    "staged": ("batch", "batches"),
    "settled": ("settlement", "settlements"),
    "undone": ("undo", "undos"),
    "announced": ("settlement", "settlements"),
}


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"


def show_status(data: dict[str, Any]) -> None:
    say(f"Data in {data['home']}")
    if data["as_of"]:
        say(f"{_many(data['lines'], 'line', 'lines')} in the numbers, as of {data['as_of']}")
    else:
        say("Nothing has been settled yet.")
    if data["batches"]:
        batches = ", ".join(f"{count:,} {state}" for state, count in data["batches"].items())
        say(f"Batches: {batches}")
    queues = [words for queue in data["queues"] if (words := _queue(queue))]
    for words in queues:
        say(f"Queue {words}")
    if not queues:
        say("Queues: nothing waits")


def _queue(queue: dict[str, Any]) -> str:
    """What waits in one queue; empty where nothing does."""
    parts = [
        f"{queue[name]:,} {words}"
        for name, words in (
            ("ready", "ready"),
            ("leased", "in work"),
            ("delayed", "waiting to be tried again"),
            ("dead", "given up"),
        )
        if queue[name]
    ]
    return f"{queue['subscription']}: {', '.join(parts)}" if parts else ""


def show_replay_preview(data: dict[str, Any]) -> None:
    before, after = data["before"], data["after"]
    versions = [f"{side['contract'] or 'no contract'} version {side['contract_version']}" for side in (before, after)]
    title(data["file"], f" · {versions[0]} → {versions[1]}")
    for name in ("read", *ROWS):
        sides = ["…" if side["rows"][name] is None else f"{side['rows'][name]:,}" for side in (before, after)]
        say(f"  {name:<12}{sides[0]:>12} → {sides[1]}")
    net = [{row["currency"]: row["net"] for row in side["amounts"]} for side in (before, after)]
    for currency in sorted({*net[0], *net[1]}):
        say(f"  net {net[0].get(currency, 0)} → {net[1].get(currency, 0)} {currency}")
    for hold in after["holds"]:
        say(f"  it would be held: {hold['message']} ({hold['code']})")
    if after["error"]:
        say(f"  it would be refused: {after['error']}")
    if data["changes"]:
        say("  all numbers: " + ", ".join(f"{count:,} {kind}" for kind, count in data["changes"].items()))
    say("Nothing is read again yet; without --preview it is.")


def show_announced(data: dict[str, Any]) -> None:
    if not data["settlements"]:
        say("Every settlement was announced already.")
        return
    settlements = _many(data["settlements"], "settlement is", "settlements are")
    say(f"{settlements} announced: {_many(data['events'], 'event', 'events')} published.")


def show_swept(data: dict[str, Any]) -> None:
    done = [SWEPT[name].format(_many(count, *COUNTED[name])) for name, count in data.items() if count and name in SWEPT]
    say(f"Driven on: {'; '.join(done)}." if done else "Nothing had stopped.")
    for words in data["not_taken"]:
        say(words)
    if data["still_written"]:
        say(f"{_many(data['still_written'], 'file is', 'files are')} still being written; sweep again when done.")


def show_rebuilt(data: dict[str, Any]) -> None:
    size = f"{_many(data['settlements'], 'settlement', 'settlements')} of {_many(data['batches'], 'batch', 'batches')}"
    if data.get("kept_aside"):
        say(f"{size} made anew from the kept originals; the old warehouse is kept as {data['kept_aside']}.")
        return
    if not data["differences"]:
        say(f"{size} made again beside the ledger: both say the same.")
        return
    title(f"{size} made again beside the ledger: the two differ.")
    for words in data["differences"]:
        say(f"  {words}")


def show_rates(data: dict[str, int]) -> None:
    say(f"{_many(data['rates'], 'rate is', 'rates are')} loaded.")


def show_contract(data: dict[str, Any]) -> None:
    """What the contract says, a line a field; what it leaves open is left out."""
    title(data["name"], f" · version {data['version']} · reports to {data['region']}")
    if data["description"]:
        say(data["description"])
    for name, value in data.items():
        if name not in {"name", "version", "region", "description"}:
            _field(name, value, "  ")


def _field(name: str, value: Any, indent: str) -> None:
    if value in (None, "", [], {}):
        return
    if isinstance(value, dict):
        say(f"{indent}{name}:")
        for key, each in value.items():
            _field(key, each, f"{indent}  ")
    else:
        say(f"{indent}{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}")


def show_audit(data: list[dict[str, Any]]) -> None:
    """An entry a line, newest first, and below it what became of its fields."""
    if not data:
        say("Nothing in the audit log fits.")
    for one in data:
        address = f" from {one['address']}" if one["address"] else ""
        say(f"{one['at']}  {one['what']} {one['subject']}, by {one['who']}{address}")
        for name in {**one["before"], **one["after"]}:
            was, now = one["before"].get(name), one["after"].get(name)
            say(f"    {name}: {now}" if was is None or was == now else f"    {name}: {was} → {now}")


def show_user(data: dict[str, Any]) -> None:
    """An account as it is now; its password, where one was made, and who changed what, where that was asked."""
    if "role" in data:
        title(data["login"], f" · {data['name']} · {data['role']}{_scope_words(data)}")
        if data["disabled"]:
            say("  The account is closed: nobody signs in with it.")
    for change in data.get("changes", []):
        say(f"  {change['at']}  {change['what']}" + (f", by {change['by']}" if change["by"] else ""))
    if "link" in data:
        say(f"The link by which {data['login']} chooses a password, shown only now: {data['link']}")
    if "password" in data:
        say(f"The password of {data['login']}, shown only now: {data['password']}")


def show_ended(data: dict[str, Any]) -> None:
    say(f"{data['login']} is signed out in {_many(data['ended'], 'place', 'places')}.")


def _scope_words(data: dict[str, Any]) -> str:
    if data["role"] == "admin":
        return " · sees everything"
    places = ", ".join(data["regions"]) or "all regions"
    stores = f", stores {', '.join(data['stores'])}" if data["stores"] else ""
    own = f", own sales as {data['salesperson']}" if data["salesperson"] else ""
    return f" · {places}{stores}{own}"


def show_tokens(data: list[dict[str, Any]]) -> None:
    for token in data:
        show_token(token)
    if not data:
        say("There is no token.")


def show_token(data: dict[str, Any]) -> None:
    where = ", ".join(data["regions"]) or "all regions of the person"
    title(data["id"], f" · {data['login']} · {data['name']} · {data['state']}")
    say(f"  may {', '.join(data['rights'])} in {where} until {data['expires_at']}")
    say(f"  last used: {data['last_used'] or 'never'}")
    if "token" in data:
        say(f"The token, shown only now: {data['token']}")
