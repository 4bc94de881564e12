"""How LookML is written: blocks of parameters, indented by two spaces."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Raw:
    """A value without quotes, such as `many_to_one`."""

    text: str


@dataclass(frozen=True)
class Sql:
    """A value that ends with `;;`."""

    text: str


Value = str | bool | Raw | Sql | Sequence[str]
"""Texts are written with quotes, and entries of lists as they are."""
Parameter = tuple[str, Value]


@dataclass(frozen=True)
class Block:
    """`kind: name { … }`. parameters: pairs of name and value, and blocks, in their order."""

    kind: str
    name: str
    parameters: "Sequence[Parameter | Block]"


def written(block: Block, depth: int = 0) -> str:
    """The block as LookML, without a line break at its end."""
    indent = "  " * depth
    head = f"{indent}{block.kind}: {block.name} {{" if block.name else f"{indent}{block.kind}: {{"
    lines = [
        written(one, depth + 1) if isinstance(one, Block) else f"{indent}  {parameter(*one)}"
        for one in block.parameters
    ]
    return "\n".join([head, *lines, f"{indent}}}"])


def parameter(name: str, value: Value) -> str:
    match value:
        case bool():
            return f"{name}: {'yes' if value else 'no'}"
        case Raw(text):
            return f"{name}: {text}"
        case Sql(text):
            return f"{name}: {text} ;;"
        case str():
            return f"{name}: {quoted(value)}"
    return f"{name}: [{', '.join(value)}]"


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
