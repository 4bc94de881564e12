"""Add, change, test, run, pause and remove a connector."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.access import allow
from portal.connectors.scoped import SCHEDULES, schedule_text
from portal.context import me, ports, tillstream
from portal.managed import ManagedForm
from portal.translation import N_, _
from portal.uploads import scoped
from portal.urls import go_to
from tillstream.app.source_access import source_access
from tillstream.connectors import due_runs, kind_table, records
from tillstream.connectors.access import SourceAccess
from tillstream.connectors.records import MAX_VALUE
from tillstream.connectors.source import ConnectorKind, SourceSetting
from tillstream.connectors.state import Connector, ConnectorDraft
from tillstream.model.errors import Rejected
from tillstream.model.permissions import Action
from tillstream.ports import Ports

PREFIX = "setting-"
MAX_LETTERS = 1_000
"""Of a setting with one line."""

NEW, EDIT = "connectors/new.html", "connectors/edit.html"


@dataclass(frozen=True)
class Tested:
    is_ok: bool
    sentence: str


def connector_access() -> SourceAccess:
    """What sources may use, by the settings of the server."""
    return source_access(tillstream())


def tested_connector(subject: str | ConnectorDraft) -> Tested:
    """The result for a connector by name, or for settings that are not saved."""
    result = due_runs.test_connection(ports(), connector_access(), subject, me().login)
    passed, failed = _("The test passed in {:.1f} seconds. {}"), _("The test failed after {:.1f} seconds. {}")
    return Tested(result.is_ok, (passed if result.is_ok else failed).format(result.seconds, result.message))


class ConnectorForm(ManagedForm):
    """The fields of every kind; `connector_form` adds those of the settings."""

    kind: ConnectorKind
    name = StringField(
        N_("Name"),
        [InputRequired(N_("Enter a name.")), Length(max=100)],
        description=N_("Small letters, digits and hyphens, for example erp-sales. It cannot be changed later."),
    )
    contract = SelectField(
        N_("Data source"),
        description=N_("Which contract reads its files. By content: the contract that fits the columns of each file."),
    )
    every_minutes = SelectField(N_("Schedule"), coerce=int, default=15)

    @property
    def settings(self) -> list[tuple[SourceSetting, Field]]:
        return [(one, self[PREFIX + one.name]) for one in self.kind.settings]

    def draft(self) -> ConnectorDraft:
        settings = {one.name: field.data or "" for one, field in self.settings}
        return ConnectorDraft(self.name.data, self.kind.name, settings, self.contract.data, self.every_minutes.data)

    def refuse(self, error: Exception) -> None:
        """Show a reason at the field that it names, else above the form."""
        words = str(error).casefold()
        fields = [(one.label.casefold(), field) for one, field in self.settings] + [("name", self.name)]
        field = next((field for label, field in fields if label in words), None)
        if field is None:
            self.form_errors.append(str(error))
        else:
            field.errors = [*field.errors, str(error)]


def connector_form(kind: ConnectorKind, contracts: list[str], connector: Connector | None = None) -> ConnectorForm:
    """The form of a kind with the values of a connector, or those that were posted."""
    fields = {PREFIX + one.name: _field(one) for one in kind.settings}
    form: ConnectorForm = type("FormOfKind", (ConnectorForm,), {"kind": kind, **fields})(data=_values(connector))
    minutes = sorted({*SCHEDULES, *([connector.every_minutes] if connector else [])})
    form.contract.choices = [SelectChoice("", _("By content")), *(SelectChoice(name, name) for name in contracts)]
    form.every_minutes.choices = [SelectChoice(number, schedule_text(number)) for number in minutes]
    return form


def setting_hint(setting: SourceSetting) -> str:
    """Its hint, and how a credential is referred to."""
    if not setting.is_credential:
        return setting.hint
    reference = _("A reference, never the credential: env:TILLSTREAM_SOURCE_…, file:… or secret:tillstream-source-…")
    return f"{setting.hint.removesuffix('.')}. {reference}" if setting.hint else reference


def _values(connector: Connector | None) -> dict[str, Any] | None:
    if connector is None:
        return None
    values = {PREFIX + name: value for name, value in connector.settings.items()}
    fixed = {"name": connector.name, "contract": connector.contract, "every_minutes": connector.every_minutes}
    return values | fixed


def _field(setting: SourceSetting) -> Any:
    required = [InputRequired(_("Enter “{label}”.", label=setting.label))] if setting.is_required else []
    if setting.choices:
        choices = [SelectChoice(one, one or "–") for one in setting.choices]
        return SelectField(setting.label, required, choices=choices, default=setting.default)
    most = MAX_VALUE if setting.is_long else MAX_LETTERS
    kind = TextAreaField if setting.is_long else StringField
    return kind(setting.label, [*required, Length(max=most)], default=setting.default)


@allow(Action.ADMINISTER)
def list_kinds() -> ResponseReturnValue:
    return render_template("connectors/kinds.html", kinds=kind_table.all_kinds())


@allow(Action.ADMINISTER)
def new_connector(connector_kind: str) -> ResponseReturnValue:
    return _page(NEW, _empty(connector_kind))


@allow(Action.ADMINISTER)
def edit_connector(connector: str) -> ResponseReturnValue:
    return _page(EDIT, _stored(connector))


@allow(Action.ADMINISTER)
def add_connector(connector_kind: str) -> ResponseReturnValue:
    def save(draft: ConnectorDraft) -> Connector:
        return records.add_connector(ports(), tillstream().contracts, connector_access(), draft, me().login)

    return _save(NEW, _empty(connector_kind), save, _("The connector is added."))


@allow(Action.ADMINISTER)
def change_connector(connector: str) -> ResponseReturnValue:
    def save(draft: ConnectorDraft) -> Connector:
        return records.change_connector(
            ports(), tillstream().contracts, connector_access(), connector, draft, me().login
        )

    return _save(EDIT, _stored(connector), save, _("The connector is changed."))


@allow(Action.ADMINISTER)
def test_new(connector_kind: str) -> ResponseReturnValue:
    return _test(NEW, _empty(connector_kind))


@allow(Action.ADMINISTER)
def test_change(connector: str) -> ResponseReturnValue:
    return _test(EDIT, _stored(connector))


def _save(
    page: str, form: ConnectorForm, save: Callable[[ConnectorDraft], Connector], message: str
) -> ResponseReturnValue:
    return form.saved(
        lambda: _page(page, form), lambda: go_to("connectors.show", message, connector=save(form.draft()).name)
    )


def _test(page: str, form: ConnectorForm) -> ResponseReturnValue:
    """Test the posted settings; nothing is saved."""
    if not form.validate_on_submit():
        return _page(page, form), 422
    return _page(page, form, tested_connector(form.draft()))


def _empty(kind: str) -> ConnectorForm:
    """Raises `NotFound`."""
    return connector_form(kind_table.find_kind(kind), [one.name for one in scoped.visible_contracts()])


def _stored(name: str) -> ConnectorForm:
    """Raises `NotFound`."""
    stored = records.get_connector(ports(), name)
    return connector_form(kind_table.find_kind(stored.kind), [one.name for one in scoped.visible_contracts()], stored)


def _page(page: str, form: ConnectorForm, result: Tested | None = None) -> str:
    return render_template(page, form=form, hint=setting_hint, tested=result)


def send_test(_ports: Ports, connector: str, _by: str) -> str:
    """Test the connection; return its result. Raises `Rejected` with the reason if it fails."""
    result = tested_connector(connector)
    if not result.is_ok:
        raise Rejected(result.sentence)
    return result.sentence
