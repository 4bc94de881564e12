"""docs/sale-events.md, from the schema of a sale event and the example consumer."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from docs.generate.markdown import code, table
from docs.generate.markdown import page as markdown
from tillstream.model.events import TOPIC_SALE_EVENTS
from tillstream.pipeline.publishing.sale_events import EVENT_SCHEMA, FILTERED_BY, IN_ORDER, MAX_LETTERS

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "consume_sale_events.py"
INTRO = f"""
After each settlement, Tillstream publishes one event for each sale line that changed, as JSON with the schema
`{EVENT_SCHEMA}` (`tillstream/model/sale-event.v1.json`) on the topic `{TOPIC_SALE_EVENTS}`. Programs that need every
sale read the events with `tillstream subscribe`, from a [webhook](webhooks.md), or from their own Pub/Sub subscription.
Events contain customers and costs as the source has them: only admins can create webhooks.

Without a subscription nothing is published, and a new subscription gets the events of later settlements only. To start
with what counts already, export the sale lines first ([API](api.md)).
"""
SUBSCRIBE = """
tillstream subscribe --filter 'region=UK store=LON1'            # until Ctrl-C, from now on
tillstream subscribe --name warehouse-copy                    # continues where it stopped
tillstream subscribe --name warehouse-copy --max 100          # ends after 100 events
"""
SUBSCRIBED = """
Each event is one line of output. It is acknowledged after it is written, so a subscriber that is killed gets its last
events again. Events that the program behind a pipe has not read when it is killed count as written: if it must not miss
any, let it export the sale lines after a crash, or use a webhook. `--name` makes a durable subscription: it collects
events while nothing reads it, for 7 days, and is removed after that. Without a name, the subscription is removed when
the command ends, or a day later if it is killed. The command runs beside a server, and in a Google Cloud project.

A filter has the form `name=value`, separated by spaces; all must match. Names are the attributes below, and `store` for
`store_id`. Write several values with commas (`region=UK,IN`), and a value with spaces in quotation marks. A durable
subscription keeps its filter, because events that do not match are discarded when they are read: without `--filter` it
continues with the same one, and another one is refused. `--change-filter` replaces it. `--from-now` discards the
collected events, and takes another filter too.
"""
ATTRIBUTES = f"""
Each message has the attributes {", ".join(f"`{name}`" for name in FILTERED_BY)}, for filters of Pub/Sub
(`attributes.region = "UK"`). They have at most {MAX_LETTERS} letters; longer values are cut off, and a missing value is
empty. `type` is that of the event.
"""
ORDER = f"""
Delivery is at least once. The ordering key is `region/store_id`: the events of a store come in the order of their
settlements, on a laptop until one of them has to be delivered again. Only the first {IN_ORDER:,} events of a settlement
have the key, because Pub/Sub carries one megabyte a second per key. One settlement has at most one event for each line,
so the order within a settlement has no meaning.

To be correct whatever comes twice or late, compare `settlement_no` for each line, as the example does. Events of one
change always have the same `id`.
"""
VERSIONS = """
Fields can be added to `sale-event/1`; ignore fields that you do not know. A change that could break a consumer gets the
schema `sale-event/2`, and both are published during a deprecation period ([versioning](versioning.md)).
"""


def page() -> str:
    whole = json.loads(resources.files("tillstream.model").joinpath("sale-event.v1.json").read_text(encoding="utf-8"))
    return markdown(
        "Sale events",
        INTRO,
        "## Subscribe",
        code(SUBSCRIBE, "sh"),
        SUBSCRIBED,
        "## The event",
        _properties(whole),
        "## The line",
        "Amounts are decimals as text.",
        _properties(whole["properties"]["line"]),
        "## Attributes",
        ATTRIBUTES,
        "## Order and repeats",
        ORDER,
        "## An example consumer",
        code(EXAMPLE.read_text(encoding="utf-8"), "python"),
        "## Versions",
        VERSIONS,
        "## Example",
        *(code(json.dumps(example, indent=2, ensure_ascii=False), "json") for example in whole["examples"]),
    )


def _properties(part: dict[str, Any]) -> str:
    rows = [
        (f"`{name}`", "yes" if name in part["required"] else "", _kind(rule), rule.get("description", ""))
        for name, rule in part["properties"].items()
    ]
    return table(("field", "always", "type", "meaning"), rows)


def _kind(rule: dict[str, Any]) -> str:
    if "const" in rule:
        return f"`{rule['const']}`"
    if "enum" in rule:
        return ", ".join(f"`{word}`" for word in rule["enum"])
    return "decimal as text" if "$ref" in rule else str(rule.get("format", rule["type"]))
