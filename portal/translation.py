"""Texts of the portal in the language of its reader; English is the language of the source (ADR 092)."""

import gettext
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar, cast

from flask import Flask
from flask.templating import Environment
from jinja2 import Template, nodes
from markupsafe import Markup, escape

from portal.template_texts import is_label, label_literals, translate_source

ENGLISH = "en"
CATALOGUES = Path(__file__).parent / "translations"
"""Has a folder LANGUAGE/LC_MESSAGES with a `portal.mo` for each language."""
Catalogues = Mapping[str, gettext.NullTranslations]
"""By language, such as de, or pt-BR."""
Constant = TypeVar("Constant")
_language: ContextVar[str] = ContextVar("language", default=ENGLISH)
_catalogue: ContextVar[gettext.NullTranslations | None] = ContextVar("catalogue", default=None)


def _(message: str, /, **values: Any) -> str:
    """A text with its values, which are named in braces."""
    text = _translated(message)
    return text.format(**values) if values else text


def html(message: str, /, **values: Any) -> Markup:
    """As `_`, of a text whose values are HTML, or which has tags itself."""
    return Markup(_translated(message)).format(**values)  # noqa: S704 - a text of the source or of a catalogue


def ngettext(one: str, several: str, number: int, /, **values: Any) -> str:
    """The form of a text for a number, which is a value of the text too."""
    catalogue = _catalogue.get()
    text = catalogue.ngettext(one, several, number) if catalogue else one if number == 1 else several
    return text.format(number=number, **values)


def _translated(message: str) -> str:
    catalogue = _catalogue.get()
    return catalogue.gettext(message) if catalogue and message else message


def language() -> str:
    """Language of the texts of this request."""
    return _language.get()


class LazyText(str):
    """A text of a constant, which is translated when it is written to a page or into another text."""

    __slots__ = ()

    def __str__(self) -> str:
        return _translated(self[:])

    def lower(self) -> str:
        return str(self).lower()

    def capitalize(self) -> str:
        return str(self).capitalize()

    def __html__(self) -> Markup:
        return escape(str(self))

    def __format__(self, form: str) -> str:
        return format(str(self), form)

    def __mod__(self, values: Any) -> str:
        return str.__mod__(str(self), values)


def N_(constant: Constant) -> Constant:  # noqa: N802 - as in other programs with gettext
    """Mark the text of a constant, or the labels among the values of a dictionary or a tuple."""
    marked: Any = constant
    if isinstance(constant, str):
        marked = LazyText(constant)
    elif isinstance(constant, dict):
        marked = {key: _marked_label(value) for key, value in constant.items()}
    elif isinstance(constant, tuple):
        marked = tuple(map(_marked_label, constant))
    return cast("Constant", marked)


def _marked_label(value: Constant) -> Constant:
    return value if isinstance(value, str) and not is_label(value) else N_(value)


def nouns(one: str, several: str) -> tuple[str, str]:
    """The forms of a noun for `ngettext`, marked where they are defined."""
    return one, several


class TranslatedEnvironment(Environment):
    """Templates are translated when they are compiled, once per language: a page in English costs nothing more."""

    catalogue: gettext.NullTranslations | None = None

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        catalogue = _catalogue.get()
        if self.catalogue is catalogue:
            return super().get_template(name, parent, globals)
        return self._in_language(catalogue).get_template(name, parent, globals)

    def _in_language(self, catalogue: gettext.NullTranslations | None) -> "TranslatedEnvironment":
        languages: dict[Any, TranslatedEnvironment] = self.__dict__.setdefault("languages", {None: self})
        if catalogue not in languages:
            environment = self.overlay()
            environment.bytecode_cache, environment.catalogue = None, catalogue  # that cache knows no languages
            languages[catalogue] = environment
        return languages[catalogue]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        if not self.catalogue:
            return super()._parse(source, name, filename)
        template = super()._parse(translate_source(source, self.catalogue.gettext), name, filename)
        for literal in label_literals(template):
            literal.value = self.catalogue.gettext(literal.value)
        return template


def template_environment(catalogues: Catalogues) -> type[Environment]:
    """That of Flask where there is only English."""
    return TranslatedEnvironment if catalogues else Environment


def register(flask: Flask, catalogues: Catalogues, readers_locale: Callable[[], str]) -> None:
    flask.add_template_global(language)
    flask.add_template_filter(_, "translated")
    if not catalogues:
        return

    def choose() -> None:
        locale = readers_locale()
        chosen = next((each for each in (locale, locale.partition("-")[0]) if each in catalogues), ENGLISH)
        _language.set(chosen)
        _catalogue.set(catalogues.get(chosen))

    def reset(_error: BaseException | None) -> None:
        _language.set(ENGLISH)
        _catalogue.set(None)

    flask.before_request(choose)
    flask.teardown_request(reset)


def shipped_catalogues() -> Catalogues:
    catalogues: dict[str, gettext.NullTranslations] = {}
    for file in CATALOGUES.glob("*/LC_MESSAGES/portal.mo"):
        with file.open("rb") as compiled:
            catalogues[file.parts[-3].replace("_", "-")] = gettext.GNUTranslations(compiled)
    return catalogues
