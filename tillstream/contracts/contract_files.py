"""Region contracts as YAML files, shipped and custom ones: read, with the position of each mistake, and written."""

from collections.abc import Hashable, Iterable, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from tillstream.model.contract import Contract, Mistake, parse_contract
from tillstream.model.errors import Rejected

try:
    from yaml import CSafeLoader as YamlLoader
except ImportError:  # PyYAML was built without its C library
    from yaml import SafeLoader as YamlLoader  # type: ignore[assignment]

MAX_YAML_DEPTH = 20
"""Levels of a contract's text, of which a valid one has about four."""
PREVIOUS_VERSIONS_FOLDER = "earlier"
"""Subfolder of the files of earlier versions, with their comments."""


def position_of_mistake(root: yaml.Node | None, mistake: Mistake) -> tuple[int, int]:
    """Line and column of a mistake, from 1; the start of the enclosing section for a missing field.

    If a path goes deeper than the file, the last part that exists counts.
    """
    if root is None:
        return 1, 1
    node, mark = root, root.start_mark
    for part in mistake.path:
        child = _yaml_child(node, str(part))
        if child is None:
            break
        key, node = child
        mark = key.start_mark
    else:
        mark = mark if mistake.at_key else node.start_mark
    return mark.line + 1, mark.column + 1


def _yaml_child(node: yaml.Node, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    """(key node, value node); an item of a sequence is both."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        item: yaml.Node = node.value[int(part)]
        return item, item
    return None


class _TextLoader(YamlLoader):
    """Loads every scalar but null as text: YAML would read NO as false, 22:30 as 1350 and 0.10 as a float."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - declared so by PyYAML
        letter: [rule for rule in rules if rule[0] == "tag:yaml.org,2002:null"]
        for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002
        keys: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                continue
            if key.value in keys:
                raise yaml.MarkedYAMLError(problem=f"{key.value!r} occurs twice", problem_mark=key.start_mark)
            keys.add(key.value)
        return super().construct_mapping(node, deep=deep)


def shipped_contracts() -> dict[str, Contract]:
    """Contracts shipped with the product, by name; loaded once per process."""
    return dict(_load_shipped())


@cache
def _load_shipped() -> dict[str, Contract]:
    contracts, damaged = _read_entries((files(__package__) / "shipped").iterdir())
    for error in damaged.values():
        raise error
    return contracts


def contract_schema() -> str:
    """The JSON schema of a contract, for editors."""
    return files(__package__).joinpath("contract.schema.json").read_text(encoding="utf-8")


def load_contract_folder(path: Path) -> dict[str, Contract]:
    """Custom contracts of a folder, by name; empty if the folder does not exist.

    Raises `Rejected`, naming the file, if it is not a valid contract, if its name differs from the contract's, or if
    two files define the same contract.
    """
    contracts, damaged = read_contract_folder(path)
    for error in damaged.values():
        raise error
    return contracts


def read_contract_folder(path: Path) -> tuple[dict[str, Contract], dict[str, Rejected]]:
    """As `load_contract_folder`, with the error of each file that is not a valid contract, by the name of the file."""
    return _read_entries(path.iterdir()) if path.is_dir() else ({}, {})


def parse_contract_yaml(text: str | bytes, where: str) -> Contract:
    """Parse one contract from YAML. Raises `Rejected` with file, line and column of each error."""
    try:
        _check_depth(text, where)
        data = yaml.load(text, Loader=_TextLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise Rejected(f"{where}{position} is not valid YAML: {error.problem or error.context}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise Rejected(f"{where} is not YAML text in UTF-8: {' '.join(str(error).split()).rstrip('.')}.") from error
    if not isinstance(data, dict):
        raise Rejected(
            f"{where} is not a contract. Write `name: …`, `region: …` and `columns: …`, each on its own line."
        )
    return parse_contract(
        data, where, lambda mistake: position_of_mistake(yaml.compose(text, Loader=_TextLoader), mistake)
    )


def _check_depth(text: str | bytes, where: str) -> None:
    """Raise `Rejected` if it is nested too deeply: the loader in C would overflow the stack and end the process."""
    depth = 0
    for event in yaml.parse(text, Loader=_TextLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_YAML_DEPTH:
            at = f"{where}, line {event.start_mark.line + 1}" if event.start_mark else where
            raise Rejected(f"{at} has more than {MAX_YAML_DEPTH} levels. Remove brackets, dashes or indentation.")


def check_sale_ids(contracts: Iterable[Contract]) -> None:
    """Raise `Rejected` if contracts of one region identify sales differently without distinct `id_prefix`es."""
    first: dict[tuple[str, str], Contract] = {}
    for contract in contracts:
        other = first.setdefault((contract.region, contract.identity.id_prefix), contract)
        if other.sale_identity != contract.sale_identity:
            raise Rejected(
                f"{other.name} and {contract.name} both belong to the region {contract.region}, but identify sales "
                "differently (IDs or line numbers). Set identity.id_prefix in one of them."
            )


def _read_entries(entries: Iterable[Traversable]) -> tuple[dict[str, Contract], dict[str, Rejected]]:
    contracts: dict[str, Contract] = {}
    damaged: dict[str, Rejected] = {}
    files_by_name: dict[str, str] = {}
    for entry in sorted(entries, key=lambda entry: entry.name):
        if entry.name.rpartition(".")[2] not in {"yaml", "yml"}:
            continue
        try:
            contract = _read_file(entry)
        except Rejected as error:
            damaged[entry.name] = error
            continue
        first = files_by_name.setdefault(contract.name.casefold(), entry.name)
        if first == entry.name:
            contracts[contract.name] = contract
        else:
            message = f"{entry.name}: the contract {contract.name} is already defined in {first}."
            damaged[entry.name] = Rejected(message)
    return contracts, damaged


def _read_file(entry: Traversable) -> Contract:
    stem, _, extension = entry.name.rpartition(".")
    try:
        text = entry.read_bytes()
    except OSError as error:
        raise Rejected(f"{entry.name} cannot be read: {error.strerror}.") from error
    contract = parse_contract_yaml(text, entry.name)
    if stem != contract.name:
        raise Rejected(
            f"{entry.name}: the contract is named {contract.name}. Rename the file to {contract.name}.{extension}."
        )
    return contract


def contract_to_yaml(contract: Contract) -> str:
    """YAML that parses to the same contract; default values are left out."""
    return data_to_yaml(contract.model_dump(mode="json", exclude_defaults=True) | {"version": contract.version})


def data_to_yaml(data: Mapping[str, Any]) -> str:
    """YAML of plain data that may be an incomplete contract."""
    rest = dict(data)
    first = {name: rest.pop(name) for name in ("name", "version", "region", "description") if name in rest}
    return yaml.safe_dump(first | rest, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)


def write_contract_file(folder: Path, contract: Contract) -> Path:
    """Write a contract into the folder atomically, keeping a copy of the previous file. Raises `Rejected`."""
    path = next((yml for yml in (folder / f"{contract.name}.yml",) if yml.exists()), folder / f"{contract.name}.yaml")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _archive_contract_file(path, contract.version)
        temporary = path.with_name(f".{path.name}.part")
        temporary.write_text(contract_to_yaml(contract), encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise Rejected(f"{path} cannot be written: {error.strerror}.") from error
    return path


def _archive_contract_file(path: Path, version: int) -> None:
    archived = path.parent / PREVIOUS_VERSIONS_FOLDER / f"{path.stem}.before-version-{version}{path.suffix}"
    archived.parent.mkdir(exist_ok=True)
    archived.write_bytes(path.read_bytes())
