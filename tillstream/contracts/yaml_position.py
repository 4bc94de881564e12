"""Where in its file a contract's mistake stands. Read only once there is a mistake."""

import yaml

from tillstream.domain.contract.errors import Mistake


def place_of(root: yaml.Node | None, mistake: Mistake) -> tuple[int, int]:
    """Line and column, from 1; what is missing has the place where its section begins.

    A path may go further than the file does: the last part of it that is there counts.
    """
    if root is None:
        return 1, 1
    node, mark = root, root.start_mark
    for part in mistake.path:
        step = _step(node, str(part))
        if step is None:
            break
        key, node = step
        mark = key.start_mark
    else:
        mark = mark if mistake.at_key else node.start_mark
    return mark.line + 1, mark.column + 1


def _step(node: yaml.Node, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    """(what names the part, the part)"""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        item: yaml.Node = node.value[int(part)]
        return item, item
    return None
