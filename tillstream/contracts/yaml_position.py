"""Position of a contract's mistakes in its YAML file, computed only if there is one."""

import yaml

from tillstream.domain.contract.errors import Mistake


def place_of(root: yaml.Node | None, mistake: Mistake) -> tuple[int, int]:
    """Line and column of a mistake, from 1; the start of the enclosing section for a missing field.

    If a path goes deeper than the file, the last part that exists counts.
    """
    if root is None:
        return 1, 1
    node, mark = root, root.start_mark
    for part in mistake.path:
        child = _child(node, str(part))
        if child is None:
            break
        key, node = child
        mark = key.start_mark
    else:
        mark = mark if mistake.at_key else node.start_mark
    return mark.line + 1, mark.column + 1


def _child(node: yaml.Node, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    """(key node, value node); an item of a sequence is both."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        item: yaml.Node = node.value[int(part)]
        return item, item
    return None
