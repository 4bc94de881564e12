"""Pages of things that people manage: what a button does to one of them, forms that are refused, secrets shown once."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal.access import Access, allow
from portal.context import me, ports
from portal.urls import go_to
from tillstream.model.errors import NotFound, Rejected
from tillstream.model.permissions import Action

Change = Callable[..., Any]
"""Called with the ports, the key of the thing, and the name of the user."""
Message = str | Callable[[Any], str]
"""A sentence, or what makes it from the result of a change."""


class ShownError(Exception):
    """A failure whose text the page shows as a message."""


@dataclass(frozen=True)
class ManagedPages:
    """path: of one thing, with its key as variable. page, listing: endpoints of one thing and of all; without a page,
    every button leads to the list."""

    blueprint: Blueprint
    path: str
    page: str = "show"
    listing: str = "listing"
    access: Access = Action.ADMINISTER

    def button(
        self, name: str, change: Change, done: Message = str, *, endpoint: str = "", shows: type[Exception] = ShownError
    ) -> None:
        """Add what a button does: it calls `change`, then leads to the page again, or to the list after `remove`.

        name: the last part of the address. endpoint: where it has another name. shows: the error whose text is a
        message of the page, as that of a test.
        """

        @allow(self.access)
        def view(**key: str) -> ResponseReturnValue:
            is_listed = name == "remove" or not self.page
            page, values = f"{self.blueprint.name}.{self.listing if is_listed else self.page}", {} if is_listed else key
            try:
                result = change(ports(), *key.values(), me().login)
            except NotFound:
                raise
            except shows as error:
                return go_to(page, str(error), "wrong", **values)
            return go_to(page, done(result) if callable(done) else done, **values)

        self.blueprint.add_url_rule(f"{self.path}/{name}", endpoint or name, view, methods=["POST"])


class ManagedForm(FlaskForm):
    """A form whose values can be refused when they are saved."""

    refused_by: ClassVar[tuple[type[Exception], ...]] = (Rejected,)

    def field_of(self, error: Exception) -> str:
        """The name of the field that shows an error: the one that it names, else the first one."""
        name: str = getattr(error, "field", next(iter(self._fields)))
        return name

    def refuse(self, error: Exception) -> None:
        """Show an error at its field."""
        field = self[self.field_of(error)]
        field.errors = [*field.errors, str(error)]

    def saved(self, page: Callable[[], str], save: Callable[[], ResponseReturnValue]) -> ResponseReturnValue:
        """What `save` answers; the page again with the reasons if a field, or `save`, refuses the values."""
        if self.validate_on_submit():
            try:
                return save()
            except self.refused_by as error:
                self.refuse(error)
        return page(), 422


def shown_once(template: str, secret: str, back: str, **values: Any) -> ResponseReturnValue:
    """A page with a secret. Rendered directly, not after a redirect: a secret must not be stored in a cookie."""
    return render_template(template, secret=secret, back=back, **values), 201
