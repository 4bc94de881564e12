"""Figures of the product's tree: modules, names, complexity, and which modules an action enters."""

import ast
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("tillstream", "portal")
"""What the figures are about; modules of the others may import these."""
OTHERS = ("functions", "infra", "devtools", "sql", "looker", "bench", "docs/generate", "till/tillstream_till")
DEFINITIONS = (ast.FunctionDef, ast.ClassDef)
IMPORTS = (ast.Import, ast.ImportFrom)
BRANCHES = (ast.If, ast.IfExp, ast.ExceptHandler, ast.With, ast.Assert, ast.match_case)


@dataclass(frozen=True)
class Module:
    """A Python file; `name` is dotted."""

    name: str
    path: Path
    lines: int
    tree: ast.Module

    @property
    def package(self) -> str:
        return self.name.rpartition(".")[0]


@cache
def modules() -> dict[str, Module]:
    """All modules without `__init__` of the product, by name."""
    return {module.name: module for module in _parsed(PRODUCT) if module.path.name != "__init__.py"}


def _parsed(folders: tuple[str, ...]) -> Iterator[Module]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield Module(name, path, len(text.splitlines()), ast.parse(text))


@cache
def importers() -> dict[str, set[str]]:
    """Which modules import each module of the product, those of tools and functions included."""
    result: dict[str, set[str]] = defaultdict(set)
    for module in _parsed((*PRODUCT, *OTHERS)):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for name in (node.module, *(f"{node.module}.{alias.name}" for alias in node.names)):
                    result[name].add(module.name)
    return result


def only_used_next_door() -> list[str]:
    """Modules whose only importer is in the same folder."""
    result = []
    for module in modules().values():
        using = importers()[module.name]
        if len(using) == 1 and next(iter(using)).rpartition(".")[0] == module.package:
            result.append(module.name)
    return result


def untyped_dicts() -> int:
    """How often the type of an object is a dict with whatever keys and values."""
    paths = (module.path for module in _parsed((*PRODUCT, *OTHERS)))
    return sum(path.read_text(encoding="utf-8").count("dict[str, Any]") for path in paths)


WRITES_OF_DOCUMENTS = {"update_document", "put_all", "put", "delete"}
ENTRIES_OF_AUDITS = {"audit_log.entry", "audit_log.record"}


def audited_by_hand() -> list[str]:
    """Modules that write documents and their audit entries themselves, not as a `Collection`."""
    result = []
    for module in modules().values():
        calls = {ast.unparse(node.func) for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
        writes = {
            call
            for call in calls
            if call == "update_document" or (".documents." in call and call.rpartition(".")[2] in WRITES_OF_DOCUMENTS)
        }
        if writes and calls & ENTRIES_OF_AUDITS and module.name != "tillstream.records.collection":
            result.append(module.name)
    return result


def modules_of(noun: str) -> list[str]:
    """Paths of the modules with a word that begins with a noun in their name, or in the names of their folders."""
    return [
        path.as_posix()
        for path in (module.path.relative_to(ROOT) for module in modules().values())
        if any(word.startswith(noun) for part in path.with_suffix("").parts[1:] for word in part.split("_"))
    ]


def packages() -> list[str]:
    """The folders directly below `tillstream/`."""
    return sorted(path.parent.name for path in (ROOT / "tillstream").glob("*/__init__.py"))


def public_functions() -> list[tuple[str, str]]:
    """Module and name of each public function."""
    return [
        (module.name, node.name)
        for module in modules().values()
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]


def methods() -> list[tuple[str, str]]:
    """Class, with its module, and name of each method and property."""
    return [
        (f"{module.name}.{node.name}", method.name)
        for module in modules().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ClassDef)
        for method in node.body
        if isinstance(method, ast.FunctionDef)
    ]


def definitions() -> list[tuple[str, str]]:
    """Module and name of each function, class and constant at the top of a module."""
    result = []
    for module in modules().values():
        for node in module.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            result += [(module.name, name) for name in (*names, *filter(None, [getattr(node, "name", None)]))]
    return result


def late_constants() -> list[tuple[str, str]]:
    """Module and name of each constant below a definition that needs nothing from below the first definition."""
    return [(module.name, name) for module in modules().values() for name in sorted(_late(module.tree.body))]


def _late(body: list[ast.stmt]) -> set[str]:
    constants: set[str] = set()
    below: set[str] = set()
    late: set[str] = set()
    definitions: dict[str, ast.AST] = {}
    for node in body:
        if isinstance(node, DEFINITIONS):
            definitions[node.name] = node
            below |= {node.name} | _changed_by(node.decorator_list, definitions) & constants
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            assigned = _assigned(node)
            if definitions and not (_names(node) | assigned) & below:
                late |= assigned
            elif definitions:
                below |= assigned
            constants |= assigned
        elif definitions:
            below |= _changed_by([node], definitions) & constants
    return late


def _assigned(statement: ast.Assign | ast.AnnAssign | ast.AugAssign) -> set[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return set().union(*map(_names, targets))


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}


def _changed_by(statements: Iterable[ast.AST], definitions: dict[str, ast.AST]) -> set[str]:
    """Names whose values a decorator or a statement may change: its own, and those of the functions that it calls."""
    names = set().union(*map(_names, statements))
    return names.union(*(_names(definitions[name]) for name in names & definitions.keys()))


def late_imports() -> list[tuple[str, int]]:
    """Module and line of each import and `TYPE_CHECKING` block below a definition."""
    result = []
    for module in modules().values():
        is_below = False
        for node in module.tree.body:
            is_below = is_below or isinstance(node, DEFINITIONS)
            guarded = node.body[0] if isinstance(node, ast.If) else node
            if is_below and isinstance(guarded, IMPORTS):
                result.append((module.name, node.lineno))
    return result


def repeated_classes() -> dict[str, list[str]]:
    """Names of public classes that more than one module defines, with the modules."""
    defined: dict[str, list[str]] = defaultdict(list)
    for module in modules().values():
        for node in module.tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                defined[node.name].append(module.name)
    return {name: places for name, places in defined.items() if len(places) > 1}


def complexities() -> Counter[str]:
    """The complexity of each function as radon counts it: branches, loops, handlers and joined conditions, plus one."""
    result: Counter[str] = Counter()
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef):
                result[f"{module.name}.{node.name}:{node.lineno}"] = 1 + sum(map(_branches, _inside(node)))
    return result


def _inside(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """The nodes of a function; inner functions have a complexity of their own."""
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if not isinstance(node, ast.FunctionDef):
            yield node
            waiting += ast.iter_child_nodes(node)


def _branches(node: ast.AST) -> int:
    match node:
        case ast.BoolOp():
            return len(node.values) - 1
        case ast.For() | ast.While() | ast.Try():
            return bool(node.orelse) + (not isinstance(node, ast.Try))
        case ast.comprehension():
            return 1 + len(node.ifs)
        case _:
            return isinstance(node, BRANCHES)


def entered(action: Callable[[], object]) -> set[str]:
    """Modules of the product with a function that an action calls, in any thread; imports do not count."""
    codes: set[CodeType] = set()
    imports: Counter[int] = Counter()

    def note(frame: FrameType, event: str, _argument: object) -> None:
        thread = threading.get_ident()
        if event in {"call", "return"} and frame.f_code.co_name == "<module>":
            imports[thread] += 1 if event == "call" else -1
        elif event == "call" and not imports[thread]:
            codes.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    files = {code.co_filename for code in codes if code.co_name != "<lambda>"}
    return {name for name, module in modules().items() if str(module.path) in files}
