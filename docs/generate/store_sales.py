"""docs/store-sales.md, from the schema of a store sale."""

import json
from typing import Any

from docs.generate.markdown import code, table
from docs.generate.markdown import page as markdown
from tillstream.model import messages
from tillstream.model.events import TOPIC_STORE_SALES
from tillstream.model.messages import DAY_CLOSE_V1 as CLOSE_SCHEMA
from tillstream.model.messages import MAX_SALE_BYTES, STORE_SALE_V1, name_pattern, store_sale_schema

INTRO = f"""
Tills and forms send sales as JSON messages with the schema `{STORE_SALE_V1}` (`tillstream/model/store-sale.v1.json`).
One message contains one complete sale: a later version of the same sale replaces all its lines, and one invalid line
quarantines the whole sale. Messages go to the topic `{TOPIC_STORE_SALES}`; a store without a broker posts them:
"""
SEND = """
curl http://127.0.0.1:8080/api/sales -H "Authorization: Bearer $STORE_TOKEN" -H "Content-Type: application/json" \\
  --data @sale.json
"""
AFTER = f"""
When the message is stored, the response is 202 with the ID of the sale. You create the token of a store in the portal
under Stores' tills ([people](people.md#store-tokens)); it is valid for one store of one region. Sending the same sale
again changes nothing, so a till can retry until it gets a response. The first message about a sale has version 1, and
each correction a higher one, in whatever order they arrive. A message without a version is accepted: it never replaces
one with a version, and of several without one, the message received last counts. A message can have at most {
    MAX_SALE_BYTES // 1024
} KB. Dates follow the contract of the region ([contracts](contracts.md)): the business day is computed in the
offset of the message, with the cutoff of the contract.

A sale changes only lines of the store whose token sent it. If its number is that of a sale of another store, in a
region whose sale numbers are unique, or if it names another store, it is quarantined as a whole with the code
`not-your-store`, and the audit log has an entry. A message that a program publishes to the topic without the attribute
`store_id` is not bound to a store; anyone who may publish there may change the sales of every store
([ADR 044](adr/044-write-scope.md)).
"""

NEW = """
A sale in a currency or of a country that its region never had does not count unasked. Usual are the currencies and
countries that the contract of the region names (`currency`, `country`, `allowed`), those of its stores in the
catalogue, and those of its sales. Another sale is quarantined with the code `new-to-region`, and the others count. If
the region sells there, an administrator selects **Accept messages** on the page of its micro-batch, or runs
`tillstream stores accept`: later such sales need no review. Otherwise, the till sends the sale again with a higher
version. A region without sales whose contract names nothing has nothing to compare with. A region with more than five
countries sells abroad, so a further country is usual. A text that names no country is not checked. All this is decided
once, when the message is received.
"""

MESSAGES = """
A till sends many messages at once, at most 1,000 and 4 MB, as JSON that may be compressed (`Content-Encoding: gzip`):

```json
{"messages": [{"payload": "{\\"schema\\": \\"store-sale/1\\", …}", "key": "…", "till": "front",
               "epoch": "0123456789abcdef", "sequence": "17", "signature": "…"}]}
```

`payload` is the exact text of a sale or of a [day close](#day-closes). A store that has a key
([people](people.md#store-tokens)) accepts signed messages only: `signature` is the Ed25519 signature of the bytes of
`payload` in base64url without padding, `key` the ID of the key, `till` the ID of the till. `epoch` is 16 hexadecimal
digits that a till chooses once for its outbox, and `sequence` counts its messages from 1. Messages on the topic have
the same names as attributes. The response is 202 with a result for each message, in their order:

```json
{"results": [{"sequence": "17", "id": "UK/LON1/100245", "status": "accepted", "code": "", "detail": ""}],
 "last_sequence": 16, "server_time": "2026-11-20T10:03:02.120+00:00"}
```

What is accepted is stored. A refused message does not stop the others; its code is `unreadable-message`,
`not-your-store`, `unsigned`, or `unverified-message` (its key is revoked, unknown, or that of another store). The last
two are kept in quarantine as well, and a till sends them again with a new key. `last_sequence` is the highest sequence
number of the outbox that was received before: if it is higher than that of the till, the outbox was restored from a
copy. Signatures are verified when messages are received. A message that cannot be verified is kept with the code
`unverified-message`, and its sale does not count ([ADR 053](adr/053-messages-of-stores.md)).

A till with a key can ask in the same request for the state of messages that were acknowledged before, at most 1,000. It
then sends again what is missing. `messages` may be empty in such a request:

```json
{"messages": [], "acknowledged": {"till": "front", "messages": [
  {"epoch": "0123456789abcdef", "sequence": "16", "digest": "2c26b46b68ffc68f"}]}}
```

`digest` is the first 16 hexadecimal digits of the SHA-256 of the payload. The response has the field `acknowledged`
with the state of each, in their order: `stored` (it has left the queue; do not ask again), `waiting` (it is in
the queue), or `missing`. What is missing is a [loss](local-mode.md#losses) that names the store, until it is stored.
Send it with a new sequence number. For a till without a key of the store, the field is empty.
"""
OUTCOMES = """
```sh
curl "http://127.0.0.1:8080/api/sales/outcomes?since=$CURSOR" -H "Authorization: Bearer $STORE_TOKEN"
```

The response lists the outcomes of the sales of the store, at most 500, in the order of settlements: counted,
duplicate, superseded (a newer version counts), quarantined (rejected, with its problems), or discarded. `problems` also
has the warnings about the time of a sale: `clock-ahead` if it was sold more than 10 minutes after it was received,
`sold-long-ago` if more than a year before. `next` is the
cursor to read on from; a sale appears again when its outcome changes. In a session, the list contains the sales that
the user may see.
"""
CLOSES = f"""
A till sends a message with the schema `{CLOSE_SCHEMA}` (`tillstream/model/day-close.v1.json`) when it closes a
business day. It is compared with the sales that count: those that it lists, and others that its till sent for the day,
as their keys show; a difference is listed in [Needs
review](day-to-day.md#day-closes). A later day close of the same till and day replaces an earlier one.
"""

ROWS = """
Each line of a sale is one row. Rows of messages and of files are normalised by the same code: the business day, the
sale id with its prefix, the status, and the amounts that are missing follow one set of rules
([ADR 054](adr/054-store-sales-at-speed.md)). Values are stored as sent: texts are not trimmed, and an
empty text is a value, except in `channel` and `country`, where the constant of the contract replaces it. A message that
is not a valid sale is one rejected row with the code `unreadable-message` and lists every invalid field.
"""


LINES = """\
A line has `net_amount`, or both `quantity` and `unit_price`. It has `line` if the contract of the region maps
`line_key`; without it, the whole sale is quarantined. In other regions, `line` is not used, so that the same sale in a
file and from a till counts once."""
NO_LINE_BREAK = r"(?!\n)"
"""What some engines need after $, where a line break may follow."""


def page() -> str:
    whole = store_sale_schema()
    line = whole["properties"]["lines"]["items"]
    examples = [*whole["examples"], *messages.day_close_schema()["examples"]]
    return markdown(
        "Store sales",
        INTRO,
        code(SEND, "sh"),
        AFTER,
        "## Sales that are new to a region",
        NEW,
        "## The sale",
        _properties(whole),
        "## Lines of a sale",
        LINES,
        _properties(line),
        "## Many messages in one request",
        MESSAGES,
        "## Outcomes",
        OUTCOMES,
        "## Day closes",
        CLOSES,
        _properties(messages.day_close_schema()),
        "## How a sale becomes rows",
        ROWS,
        "## Examples",
        *(code(json.dumps(example, indent=2, ensure_ascii=False), "json") for example in examples),
    )


def _properties(part: dict[str, Any]) -> str:
    required = set(part.get("required", ()))
    rows = [
        (f"`{name}`", "yes" if name in required else "", _kind(rule), _words(name, rule))
        for name, rule in part["properties"].items()
    ]
    return table(("field", "required", "type", "meaning"), rows)


def _kind(rule: dict[str, Any]) -> str:
    if "$ref" in rule:
        return "decimal as text"
    if "const" in rule:
        return f"`{rule['const']}`"
    if "enum" in rule:
        return ", ".join(f"`{word}`" for word in rule["enum"])
    length = f", at most {rule['maxLength']} letters" if "maxLength" in rule else ""
    return f"{rule.get('format', rule['type'])}{length}"


def _words(name: str, rule: dict[str, Any]) -> str:
    words = [str(rule["description"])] if "description" in rule else []
    if "default" in rule:
        words.append(f"`{rule['default']}` if absent")
    if rule.get("pattern") == name_pattern():
        words.append("one line: no line break, NUL or other control character")
    elif "pattern" in rule:
        words.append(f"matches `{rule['pattern'].removesuffix(NO_LINE_BREAK)}`")
    if "minimum" in rule:
        words.append(f"{rule['minimum']} or more")
    if "minItems" in rule:
        words.append(f"{rule['minItems']} to {rule['maxItems']} {name}")
    return "; ".join(words)
