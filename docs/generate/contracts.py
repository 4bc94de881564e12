"""docs/contracts.md, from the contract's model and its docstrings."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from docs.generate.markdown import code, table
from docs.generate.markdown import page as markdown
from tillstream.contracts import contract_files
from tillstream.model import contract as contract_model
from tillstream.model import contract_schedule, contract_sections, contract_values
from tillstream.model.columns import BY_NAME
from tillstream.model.contract import MAPPABLE_COLUMNS, Contract
from tillstream.model.errors import Rejected

INTRO = """
A contract describes the file format of one source. The contracts below are included. Your own contracts are YAML
files in the folder `contracts` of `TILLSTREAM_HOME`, each named after its contract; they replace included contracts
with the same name. A contract with an error is rejected at the start, with the file, the position and the remedy. A
changed contract needs a higher `version`, because files that were read with the earlier one keep its number.
"""
EXAMPLE_FILE = """
Bon;Datum;Filiale;Artikel;Menge;Preis;Summe;Zustand
4711;20.11.2026 17:45;Linz;Wanduhr;2;1.024,50 €;2.049,00 €;bezahlt
G4712;20.11.2026 17:52;Linz;Wanduhr;-1;1.024,50 €;-1.024,50 €;-
"""
EXAMPLE = """
name: AT
region: Austria
currency: EUR
country: Austria
file: {encoding: cp1252, delimiter: ";"}
numbers: {decimal: ",", thousands: ".", currency_signs: ["€"]}
dates:
  formats: ["%d.%m.%Y %H:%M"]
  time_zone: Europe/Vienna
  cutoff: "04:00"
missing: ["-"]
columns:
  sale_id: Bon
  date: Datum
  store_id: Filiale
  product_name: Artikel
  quantity: Menge
  unit_price: Preis
  net_amount: Summe
  status: Zustand
status:
  words: {bezahlt: completed, offen: pending, storniert: cancelled}
  prefixes: {G: returned}
ranges:
  unit_price: {minimum: 0, maximum: 5000}
refused_threshold: 0.1
"""
READ_AS = """
Sales between midnight and four o'clock belong to the previous business day. Sale `4711` becomes `Linz/4711`; because no
line number is mapped, equal products of a sale are numbered. `G4712` has no status word, so the prefix G makes it a
return. Rows with a price over 5000 are rejected; a file in which more than a tenth of the rows are rejected is held for
review. A status word that `words` does not map quarantines its row; if these are more than one percent of the rows or
of the amount, the file is held in any case. Map a word to `ignore` if its rows are not sales. The first file of your
own contract is [held with its figures](detect.md#first-load) if it is dropped and nobody confirmed the contract.
"""
IN_AN_EDITOR = """
`tillstream contracts --schema > contract.schema.json`, run in the folder of your contracts, writes a schema for
editors. Editors with the YAML language server (VS Code with the YAML extension, Neovim, Emacs, Helix and others)
complete and explain fields and underline errors while you type, if the first line of the contract is
"""
SCHEMA_LINE = "# yaml-language-server: $schema=contract.schema.json"
MISTAKES = """
Tillstream ignores this line. It checks more than the schema, and reports the position of each error:
"""
MISTAKEN = """
name: AT
region: Austria
currencey: EUR
columns:
  sale_id: Bon
  date: Datum
  netamount: Summe
identity: {ids: region_wide}
"""


def page() -> str:
    example = contract_files.parse_contract_yaml(EXAMPLE, "AT.yaml")
    models: list[type[BaseModel]] = [Contract, *_parts()]
    parts = [_section(model) for model in models]
    shipped = [
        (f"`{c.name}`", c.region, c.currency, c.description) for c in contract_files.shipped_contracts().values()
    ]
    return markdown(
        "Region contracts",
        INTRO,
        table(("contract", "region", "currency", "files"), shipped),
        "## An example",
        "A file from stores in Austria:",
        code(EXAMPLE_FILE),
        f"and its contract, `contracts/{example.name}.yaml`:",
        code(EXAMPLE, "yaml"),
        READ_AS,
        "## In an editor",
        IN_AN_EDITOR,
        code(SCHEMA_LINE, "yaml"),
        MISTAKES,
        code(_error_message(MISTAKEN.lstrip())),
        *parts,
        "## What `columns` may map",
        "`date` sets both `sold_at` and `sale_date`; columns of the file that are not mapped are kept in `extra`.",
        table(("column", "meaning"), ((f"`{name}`", _meaning(name)) for name in sorted(MAPPABLE_COLUMNS))),
    )


def _error_message(text: str) -> str:
    try:
        contract_files.parse_contract_yaml(text, "AT.yaml")
    except Rejected as error:
        return str(error)
    raise AssertionError("the example of a mistake has none")


def _meaning(name: str) -> str:
    descriptions = {"time": "Time of day if it is in a separate column, in one of `dates.time_formats`"}
    descriptions |= {name: column.description for name, column in BY_NAME.items()}
    return descriptions.get(name, "Date of the sale, in one of `dates.formats`")


def _parts() -> Iterator[type[BaseModel]]:
    for info in Contract.model_fields.values():
        for kind in (info.annotation, *get_args(info.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield kind


def _section(model: type[BaseModel]) -> str:
    descriptions = docstrings()[model.__name__]
    rows = [(f"`{name}`", _kind(info), _default(info), descriptions[name]) for name, info in model.model_fields.items()]
    names = [
        name for name, info in Contract.model_fields.items() if model in (info.annotation, *get_args(info.annotation))
    ]
    title = f"## `{names[0]}`" if names else "## The fields of a contract"
    unknown = "Unknown fields are rejected, so that a misspelled field is not ignored."
    words = inspect.getdoc(model) or "" if names else unknown
    return "\n\n".join((title, words, table(("field", "type", "default", "meaning"), rows)))


def docstrings() -> dict[str, dict[str, str]]:
    """Model → field → its docstring."""
    by_class: dict[str, dict[str, str]] = {}
    for node in ast.parse(
        "".join(map(inspect.getsource, (contract_model, contract_schedule, contract_sections, contract_values)))
    ).body:
        if isinstance(node, ast.ClassDef):
            pairs = zip(node.body, node.body[1:], strict=False)
            by_class[node.name] = {
                field.target.id: str(text.value.value)
                for field, text in pairs
                if isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(text, ast.Expr)
                and isinstance(text.value, ast.Constant)
            }
    return by_class


def _kind(info: FieldInfo) -> str:
    return _type(info.annotation)


def _type(kind: Any) -> str:
    names = {str: "text", int: "whole number", float: "number", type(None): "null"}
    if kind in names:
        return names[kind]
    inside = [arg for arg in get_args(kind) if arg is not Ellipsis]
    match get_origin(kind):
        case None:
            return "section" if issubclass(kind, BaseModel) else str(kind.__name__).lower()
        case origin if origin is tuple:
            return f"list of {_type(inside[0])}"
        case origin if origin is dict:
            return f"{_type(inside[0])} → {_type(inside[1])}"
        case origin if "Literal" in str(origin):
            return ", ".join(f"`{word or '(empty)'}`" for word in inside).replace("`\t`", "tab")
        case _:
            return " or ".join(_type(arg) for arg in inside)


def _default(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if value in ("", (), {}, None) or isinstance(value, BaseModel):
        return ""
    return f"`{', '.join(value) if isinstance(value, tuple) else value}`"
