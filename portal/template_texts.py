"""Texts of templates: what elements, attributes and literals of expressions show to people.

A template marks nothing: all that it shows is a message, in which expressions and tags within a sentence are named.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from jinja2 import nodes

Translate = Callable[[str], str]
_JINJA = r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}"
_VALUE = rf'"(?:{_JINJA}|[^"])*"'
_TOKEN = re.compile(
    r"(?P<expression>\{\{.*?\}\})"
    r"|(?P<statement>\{%.*?%\}|\{#.*?#\}|<!.*?>|<(?P<program>script|style)\b.*?</(?P=program)>)"
    rf"|(?P<tag></?(?P<name>[a-z][\w-]*)(?:{_JINJA}|{_VALUE}|[^>\"])*>)"
    r"|(?P<text>[^<{]+|.)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    rf"(?<=\s)((?:aria-label|aria-description|title|placeholder|alt|data-label|data-new)=)\"((?:{_JINJA}|[^\"])*)\"",
    re.DOTALL,
)
_INLINE = re.compile(r"(a|abbr|b|br|code|data|del|em|i|ins|kbd|mark|q|s|small|span|strong|sub|sup|time|u|wbr)\Z")
_VOID = frozenset({"br", "wbr"})
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ENTITY = re.compile(r"&#?\w+;")
_MACRO = re.compile(r"\{\{-?\s*[\w.]+\([^|]*\)\s*-?\}\}\Z")
_WORD = re.compile(r"'[^']*'|[A-Za-z_][\w.]*")
_PLACE = re.compile(r"\{\w+\}|</?\w+>")
_LABEL = re.compile(r"[A-Z“][^\W_]|(?=.*[^\W\d_]{2}).*\S \S| .*\w")
_NO_LABEL = re.compile(r"[A-Z\W]+\Z|M\d|(btn|tillstream) ")
"""Codes, shapes of icons, classes and commands."""
_NO_TEXT = re.compile(r"\s*[\w-]+=\"[^\"]*\"\s*\Z")
_KEYED = frozenset({"url_for", "areas_of", "is_registered", "asset", "get", "strftime", "startswith", "endswith"})
"""Functions whose arguments are names for the program."""


@dataclass(frozen=True)
class _Token:
    """`tag`: name of the element of a tag."""

    kind: str
    text: str
    start: int
    tag: str = ""

    @property
    def is_open(self) -> bool:
        return self.kind == "tag" and not self.is_close and self.tag not in _VOID

    @property
    def is_close(self) -> bool:
        return self.kind == "tag" and self.text.startswith("</")

    @property
    def is_inline(self) -> bool:
        return self.kind in {"text", "expression"} or bool(_INLINE.match(self.tag))

    @property
    def is_apart(self) -> bool:
        """Whether it is left out of a message that it begins or ends."""
        return not self.text.strip() or self.tag in _VOID or bool(_MACRO.match(self.text))


@dataclass
class TemplateMessage:
    """`places`: what each placeholder is in the template."""

    start: int
    end: int
    text: str = ""
    places: dict[str, str] = field(default_factory=dict)

    def translated(self, translate: Translate) -> str:
        """The translation as a part of the template; the message itself if it has other placeholders."""
        text = translate(self.text)
        if sorted(_PLACE.findall(text)) != sorted(_PLACE.findall(self.text)):
            text = self.text
        places = {place: _translated_tag(part, translate) for place, part in self.places.items()}
        return _PLACE.sub(lambda place: places.get(place.group(), place.group()), text)


def translate_source(source: str, translate: Translate) -> str:
    """A template with its texts translated; its expressions and statements stay."""
    written, at = [], 0
    for part in _parts(source):
        if isinstance(part, TemplateMessage):
            written += [source[at : part.start], part.translated(translate)]
            at = part.end
        else:
            written += [source[at : part.start], _translated_tag(part.text, translate)]
            at = part.start + len(part.text)
    return "".join([*written, source[at:]])


def _translated_tag(tag: str, translate: Translate) -> str:
    if not tag.startswith("<"):
        return tag
    return _ATTRIBUTE.sub(lambda attribute: f'{attribute[1]}"{translate_source(attribute[2], translate)}"', tag)


def template_messages(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each message of the elements and attributes of a template."""
    for part in _parts(source):
        line = source.count("\n", 0, part.start) + 1
        tags: Iterable[str] = [part.text]
        if isinstance(part, TemplateMessage):
            yield line, part.text
            tags = part.places.values()
        for tag in tags:
            for attribute in _ATTRIBUTE.finditer(tag) if tag.startswith("<") else ():
                yield from ((line, text) for _, text in template_messages(attribute[2]))


def is_label(text: str) -> bool:
    """Whether a literal is a text: it begins with a capital letter or has several words."""
    return bool(_LABEL.match(text)) and not _NO_LABEL.match(text)


def label_literals(node: nodes.Node) -> Iterator[nodes.Const]:
    """String literals of expressions that are labels or sentences, and not names for the program.

    The nouns of the filter `many` are translated with their number.
    """
    if isinstance(node, nodes.Compare | nodes.Getitem | nodes.Test) or _is_keyed(node):
        return
    if isinstance(node, nodes.Filter) and node.name == "many":
        yield from label_literals(node.node) if node.node else ()
        return
    if isinstance(node, nodes.Const):
        if isinstance(node.value, str) and is_label(node.value):
            yield node
        return
    for child in [node.value] if isinstance(node, nodes.Pair) else node.iter_child_nodes():
        yield from label_literals(child)


def _is_keyed(node: nodes.Node) -> bool:
    called = node.node if isinstance(node, nodes.Call) else None
    return getattr(called, "attr", getattr(called, "name", "")) in _KEYED


def _parts(source: str) -> Iterator[TemplateMessage | _Token]:
    """The messages of a template, and the tags outside them, whose attributes have texts."""
    run: list[_Token] = []
    for match in _TOKEN.finditer(source):
        kind = next(kind for kind in ("expression", "statement", "tag", "text") if match[kind])
        token = _Token(kind, match.group(), match.start(), match["name"] or "")
        if token.is_inline:
            run.append(token)
            continue
        yield from _parts_of(run)
        run = []
        if kind == "tag":
            yield token
    yield from _parts_of(run)


def _parts_of(run: list[_Token]) -> Iterator[TemplateMessage | _Token]:
    """The messages of a run of texts, expressions and tags, which is divided at tags without their other end."""
    opened: list[int] = []
    pairs: dict[int, int] = {}
    divided: list[int] = []
    for number, token in enumerate(run):
        if token.is_open:
            opened.append(number)
        elif token.is_close and opened and run[opened[-1]].tag == token.tag:
            pairs[opened.pop()] = number
        elif token.is_close:
            divided.append(number)
    start = 0
    for end in sorted([*divided, *opened, len(run)]):
        first, last = _within(run, pairs, start, end)
        yield from (token for token in run[start:first] if token.kind == "tag")
        if any(_is_text(token) for token in run[first:last]):
            yield _message(run[first:last])
        else:
            last = first
        yield from (token for token in run[last : end + 1] if token.kind == "tag")
        start = end + 1


def _is_text(token: _Token) -> bool:
    """Whether it has a word and is no attribute, which a block of a template writes into a tag."""
    has_word = token.kind == "text" and _LETTERS.search(_ENTITY.sub("", token.text))
    return bool(has_word) and not _NO_TEXT.match(token.text)


def _within(run: list[_Token], pairs: dict[int, int], first: int, last: int) -> tuple[int, int]:
    """A part of a run without what is around its text: spaces, macros, a tag about all of it."""
    while first < last:
        if run[first].is_apart:
            first += 1
        elif run[last - 1].is_apart:
            last -= 1
        elif pairs.get(first) == last - 1:
            first, last = first + 1, last - 1
        else:
            break
    return first, last


def _message(tokens: list[_Token]) -> TemplateMessage:
    source = "".join(token.text for token in tokens)
    begin = tokens[0].start
    message = TemplateMessage(begin + len(source) - len(source.lstrip()), begin + len(source.rstrip()))
    opened: list[str] = []
    for token in tokens:
        if token.kind == "text":
            message.text += re.sub(r"\s+", " ", token.text)
            continue
        place = f"</{opened.pop()}>" if token.is_close else _place(token, message.places)
        if token.is_open:
            opened.append(place[1:-1])
        message.places[place] = token.text
        message.text += place
    message.text = message.text.strip()
    return message


def _place(token: _Token, taken: dict[str, str]) -> str:
    """A name for a tag by its element and for an expression by its last word, numbered if another one has it."""
    word = _WORD.search(token.text[2:])
    name = token.tag or (word.group().rpartition(".")[2] if word and word.group()[0] != "'" else "value")
    place, number = "", 0
    while not place or (place in taken and (token.tag or taken[place] != token.text)):
        number += 1
        numbered = name if number == 1 else f"{name}{number}"
        place = f"<{numbered}>" if token.tag else f"{{{numbered}}}"
    return place
