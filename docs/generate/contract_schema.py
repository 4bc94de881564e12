"""`tillstream/contracts/contract.schema.json`: what editors know of a contract, from its model and its docstrings."""

import json
from typing import Any

from docs.generate.contracts import docstrings
from tillstream.model.columns import BY_NAME
from tillstream.model.contract import MAPPABLE_COLUMNS, NUMERIC_COLUMNS, Contract
from tillstream.model.contract_values import CONSTANT_COLUMNS

PLAIN = ["string", "number", "boolean"]
"""A plain YAML word is read as its text: 22423, 0.10 and yes too."""


def page() -> str:
    schema = _simple(Contract.model_json_schema())
    models = {"Contract": schema} | schema.get("$defs", {})
    for name, fields in docstrings().items():
        for field, words in fields.items():
            if field in models.get(name, {}).get("properties", {}):
                models[name]["properties"][field]["description"] = words
    own = schema["properties"]
    own["columns"]["propertyNames"] = {"enum": sorted(MAPPABLE_COLUMNS)}
    own["ranges"]["propertyNames"] = {"enum": sorted(NUMERIC_COLUMNS)}
    schema["$defs"]["AmountRule"]["properties"]["factors"]["propertyNames"] = {"enum": sorted(NUMERIC_COLUMNS)}
    own["allowed"]["propertyNames"] = {"enum": sorted(BY_NAME)}
    for name in ("values", "where_missing"):
        own[name]["propertyNames"] = {"enum": sorted(MAPPABLE_COLUMNS)}
    own["constants"]["propertyNames"] = {"enum": sorted(CONSTANT_COLUMNS)}
    own["expected"]["items"] = {"enum": sorted(BY_NAME)}
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tillstream region contract",
        "$comment": "Written by `make docs`; do not edit.",
    }
    return json.dumps(head | schema | {"title": head["title"]}, indent=2, ensure_ascii=False) + "\n"


def _simple(part: Any) -> Any:
    """Without made-up titles; text also as YAML's other plain words; times as they are written."""
    if isinstance(part, list):
        return [_simple(each) for each in part]
    if not isinstance(part, dict):
        return part
    kept = {name: _simple(value) for name, value in part.items() if name != "title" or isinstance(value, dict)}
    if kept.get("format") == "time":
        return {name: value for name, value in kept.items() if name != "format"} | {
            "pattern": r"^\d\d:\d\d(:\d\d)?$",
            **({"default": kept["default"][:5]} if "default" in kept else {}),
        }
    if kept.get("type") == "string" and not {"pattern", "enum", "const"} & kept.keys():
        kept["type"] = PLAIN
    return kept
