"""The region contracts that ship, and the loader of the company's own. Imports only the domain."""

from collections.abc import Hashable, Iterable
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from tillstream.contracts.yaml_position import place_of
from tillstream.domain.contract.model import Contract, parse
from tillstream.domain.errors import Rejected

try:
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML was built without its C library
    from yaml import SafeLoader as Loader  # type: ignore[assignment]


class _TextLoader(Loader):
    """Every scalar but null is text: YAML would read NO as false, 22:30 as 1350 and 0.10 as a float."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - declared so by PyYAML
        letter: [rule for rule in rules if rule[0] == "tag:yaml.org,2002:null"]
        for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def shipped() -> dict[str, Contract]:
    """The contracts that come with the product, by name; read once in a process."""
    return dict(_shipped())


@cache
def _shipped() -> dict[str, Contract]:
    return _load((files(__package__) / "shipped").iterdir())


def schema() -> str:
    """The JSON schema of a contract, for editors."""
    return files(__package__).joinpath("contract.schema.json").read_text(encoding="utf-8")


def load_folder(path: Path) -> dict[str, Contract]:
    """The company's own contracts, by name; none where there is no folder.

    Raises `Rejected` with the file's name for what is not a contract, for a name that is not the file's and for a
    name that stands in two files.
    """
    return _load(path.iterdir()) if path.is_dir() else {}


def read(text: str | bytes, where: str) -> Contract:
    """One contract from YAML; `Rejected` says in which file, on which line and column, what is wrong."""
    try:
        data = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Rejected(f"{where}{place} is not valid YAML: {error.problem or error.context}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Rejected(f"{where} is not YAML text in UTF-8: {error}") from error
    if not isinstance(data, dict):
        raise Rejected(f"{where} is not a contract: write `name: …`, `region: …`, `columns: …` on lines of their own.")
    return parse(data, where, lambda mistake: place_of(yaml.compose(text, Loader=_TextLoader), mistake))


def agree(contracts: Iterable[Contract]) -> None:
    """`Rejected` where contracts of one region name sales by different rules without an `id_prefix` between them."""
    first: dict[tuple[str, str], Contract] = {}
    for contract in contracts:
        other = first.setdefault((contract.region, contract.identity.id_prefix), contract)
        if other.naming != contract.naming:
            raise Rejected(
                f"{other.name} and {contract.name} both report to {contract.region}, but do not name sales alike "
                "(ids or line numbers). Give one of them an identity.id_prefix."
            )


def _load(entries: Iterable[Traversable]) -> dict[str, Contract]:
    found: dict[str, Contract] = {}
    names: dict[str, str] = {}
    for entry in sorted(entries, key=lambda one: one.name):
        stem, _, ending = entry.name.rpartition(".")
        if ending not in {"yaml", "yml"}:
            continue
        try:
            text = entry.read_bytes()
        except OSError as error:
            raise Rejected(f"{entry.name} cannot be read: {error.strerror}.") from error
        contract = read(text, entry.name)
        twin = names.setdefault(contract.name.casefold(), entry.name)
        if twin != entry.name:
            raise Rejected(f"{entry.name}: the contract {contract.name} already stands in {twin}.")
        if stem != contract.name:
            raise Rejected(
                f"{entry.name}: the contract is named {contract.name}; call its file {contract.name}.{ending}."
            )
        found[contract.name] = contract
    return found
