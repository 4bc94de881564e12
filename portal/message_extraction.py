"""Messages of the portal for Babel, which writes the template of a catalogue: `make messages` (ADR 092)."""

import ast
import re
from collections.abc import Iterator
from typing import IO, Any

from jinja2 import Environment, nodes

from portal.template_texts import is_label, label_literals, template_messages

Message = tuple[int, str, str | tuple[str, str], list[str]]
"""Line, function of gettext, text or its two forms, and comments, as Babel needs them."""
MARKS = frozenset({"_", "html", "N_"})


def extract_python(file: IO[bytes], *_arguments: Any, **_options: Any) -> Iterator[Message]:
    """The first literal of each mark, and the nouns of the others."""
    for node in ast.walk(ast.parse(file.read())):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        texts = [each.value if isinstance(each, ast.Constant) else None for each in node.args]
        if name in MARKS and texts and isinstance(texts[0], str) and texts[0]:
            yield node.lineno, "gettext", texts[0], []
        elif name == "N_" and node.args:
            yield from ((text.lineno, "gettext", str(text.value), []) for text in labels_of(node.args[0]))
        elif name in {"ngettext", "nouns"}:
            yield from _plural(node.lineno, texts)
        elif name == "many":
            yield from _plural(node.lineno, texts[1:])


def labels_of(constant: ast.expr) -> Iterator[ast.Constant]:
    """The texts that `N_` marks in a dictionary or a tuple."""
    if isinstance(constant, ast.Constant) and isinstance(constant.value, str) and is_label(constant.value):
        yield constant
    for value in getattr(constant, "values", getattr(constant, "elts", ())):
        yield from labels_of(value)


def extract_template(file: IO[bytes], *_arguments: Any, **_options: Any) -> Iterator[Message]:
    source = file.read().decode()
    template = Environment(autoescape=True).parse(source)
    for line, text in template_messages(source):
        yield line, "gettext", text, []
    for literal in label_literals(template):
        yield literal.lineno, "gettext", literal.value, []
    calls: Iterator[Any] = template.find_all((nodes.Filter, nodes.Call))
    for call in calls:
        texts = [each.value if isinstance(each, nodes.Const) else None for each in call.args]
        if isinstance(call, nodes.Filter) and call.name == "many":
            yield from _plural(call.lineno, texts)
        elif isinstance(call, nodes.Call) and getattr(call.node, "name", "") == "_" and isinstance(texts[0], str):
            yield call.lineno, "gettext", texts[0], []


def extract_labels(file: IO[bytes], *_given: Any, **_options: Any) -> Iterator[Message]:
    """Those of the definitions of measures."""
    for number, line in enumerate(file, 1):
        if label := re.match(rb'label = "(.+)"', line):
            yield number, "gettext", label[1].decode(), []


def _plural(line: int, texts: list[Any]) -> Iterator[Message]:
    if texts and isinstance(texts[0], str):
        several = texts[1] if len(texts) > 1 and isinstance(texts[1], str) else f"{texts[0]}s"
        yield line, "ngettext", (texts[0], several), []
