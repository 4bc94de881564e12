"""Every question that the code asks its documents, read from the source: what it is asked by, and in which order.

Source and not a recording: a test that records sees what other tests happen to ask. What cannot be read here fails.
"""

import ast
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tillstream.records.collection import Collection

ROOT = Path(__file__).resolve().parents[3]
ROOMS = ("tillstream", "portal", "functions")


@dataclass(frozen=True)
class Question:
    site: str
    collection: str
    fields: frozenset[str]
    """All that it may be asked by, together or not."""
    order: str
    """A field, `id`, or nothing: by id, ascending."""
    descending: bool


def collections() -> set[str]:
    """All that documents are kept in."""
    calls = ((module, call.args[0]) for module, _, call in _calls("get", "put", "find", "count", "delete"))
    return {
        each
        for module, named in (
            *calls,
            *_created("Put", 0),
            *_created("update_document", 1),
            *_created("DocumentLease", 1),
        )
        for each in _values(module, named)
    }


@cache
def questions() -> list[Question]:
    calls = [call for call in _calls("find", "count") if call[0] != Collection.__module__]
    return [
        *(one for module, function, call in calls for one in _questions(module, function, call)),
        *_questions_of_collections(),
    ]


def _questions_of_collections() -> Iterator[Question]:
    """What is asked through a `Collection`: each asks by its order, and its calls of `find` by further fields."""
    for module, function, node in _nodes():
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="find")):
                collection = vars(importlib.import_module(module)).get(name)
            case _:
                continue
        if isinstance(collection, Collection):
            named = {keyword.arg: keyword.value for keyword in node.keywords}
            where = named.get("where", node.args[1] if len(node.args) > 1 else None)
            order = collection.order_by or ("id" if "above" in named or "below" in named else "")
            fields = frozenset(_keys(function, where)) if where is not None else frozenset()
            yield Question(f"{module}:{node.lineno}", collection.name, fields, order, collection.descending)


def _calls(*methods: str) -> Iterator[tuple[str, ast.AST, ast.Call]]:
    for module, function, node in _nodes():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in methods
            and ast.unparse(node.func.value).rpartition(".")[2] in {"documents", "_documents"}
        ):
            yield module, function, node


def _created(name: str, place: int) -> Iterator[tuple[str, ast.expr]]:
    """The argument with the collection of each call of a class or function."""
    for module, _, node in _nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield module, node.args[place]


@cache
def _nodes() -> list[tuple[str, ast.AST, ast.AST]]:
    """Module, the function around, node; of all rooms that speak to the port."""
    return list(_read_nodes())


def _read_nodes() -> Iterator[tuple[str, ast.AST, ast.AST]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "adapters" in path.parts or "ports" in path.parts:
                continue
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            tree = ast.parse(path.read_text(encoding="utf-8"))
            inside = dict.fromkeys(ast.walk(tree), tree)
            for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
                inside |= dict.fromkeys(ast.walk(function), function)
            for node, around in inside.items():
                yield module, around, node


def _questions(module: str, function: ast.AST, call: ast.Call) -> list[Question]:
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    where = named.get("where", call.args[1] if len(call.args) > 1 else None)
    bounded = "above" in named or "below" in named
    descending = "descending" in named and bool(ast.literal_eval(named["descending"]))
    order = str(ast.literal_eval(named["order_by"])) if "order_by" in named else "id" if descending or bounded else ""
    fields = frozenset(_keys(function, where)) if where is not None else frozenset()
    collections = sorted(_values(module, call.args[0]))
    return [Question(f"{module}:{call.lineno}", each, fields, order, descending) for each in collections]


def _values(module: str, node: ast.expr) -> set[str]:
    """What a name of the module means; of a starred pair, the first; of a table with a variable key, all its values;
    of a field of a class, its value in each object of the class that a module has."""
    match node:
        case ast.Starred():
            return {str(_evaluate(module, node.value)[0])}
        case ast.Attribute(value=ast.Name(id="self"), attr=field):
            return {str(getattr(one, field)) for one in _objects(module) if hasattr(one, field)}
        case ast.Subscript(value=table, slice=ast.Name() | ast.Attribute()):
            return {str(value) for value in _evaluate(module, table).values()}
        case _:
            return {str(_evaluate(module, node))}


def _objects(module: str) -> Iterator[object]:
    """Objects of the classes of a module, in all modules that import from it."""
    classes = tuple(one for one in vars(importlib.import_module(module)).values() if isinstance(one, type))
    own = tuple(one for one in classes if one.__module__ == module)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if f"from {module} import" in path.read_text(encoding="utf-8"):
                name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                yield from (one for one in vars(importlib.import_module(name)).values() if isinstance(one, own))


def _evaluate(module: str, node: ast.expr) -> Any:
    return eval(ast.unparse(node), vars(importlib.import_module(module)))


def _keys(function: ast.AST, node: ast.expr) -> Iterator[str]:
    """The keys that a mapping may have."""
    match node:
        case ast.Constant(value=None):
            return
        case ast.Dict():
            for key, value in zip(node.keys, node.values, strict=True):
                yield from _texts(key) if key else _keys(function, value)
        case ast.IfExp():
            yield from _keys(function, node.body)
            yield from _keys(function, node.orelse)
        case ast.Name():
            yield from _keys_of_name(function, node.id)
        case _:
            raise AssertionError(f"Write this so that it can be read here: {ast.unparse(node)}")


def _keys_of_name(function: ast.AST, name: str) -> Iterator[str]:
    """Every value that the function assigns to the name."""
    assigned = False
    for node in ast.walk(function):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        for target in targets:
            match target:
                case ast.Name(id=bound) if bound == name and node.value is not None:
                    assigned = True
                    yield from _keys(function, node.value)
                case ast.Subscript(value=ast.Name(id=bound)) if bound == name:
                    yield from _texts(target.slice)
    assert assigned, f"Nothing is assigned to {name} in its function."


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    else:
        yield str(ast.literal_eval(node))
