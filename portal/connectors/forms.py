"""The form of a connector: its name, contract and schedule, and the settings of its kind."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.connectors import texts
from tillstream.connectors.records import MAX_VALUE
from tillstream.connectors.source import ConnectorKind, SourceSetting
from tillstream.connectors.state import Connector, ConnectorDraft

PREFIX = "setting-"
MOST_LETTERS = 1_000
"""Of a setting with one line."""


class ConnectorForm(FlaskForm):
    """The fields of every kind; `form_of` adds those of the settings."""

    kind: ConnectorKind
    name = StringField(texts.NAME, [InputRequired(texts.NO_NAME), Length(max=100)])
    contract = SelectField(texts.CONTRACT)
    every_minutes = SelectField(texts.SCHEDULE, coerce=int, default=15)

    @property
    def settings(self) -> list[tuple[SourceSetting, Field]]:
        return [(one, self[PREFIX + one.name]) for one in self.kind.settings]

    def draft(self) -> ConnectorDraft:
        settings = {one.name: field.data or "" for one, field in self.settings}
        return ConnectorDraft(self.name.data, self.kind.name, settings, self.contract.data, self.every_minutes.data)

    def refuse(self, reason: str) -> None:
        """Show a reason at the field that it names, else above the form."""
        words = reason.casefold()
        fields = [(one.label.casefold(), field) for one, field in self.settings] + [("name", self.name)]
        field = next((field for label, field in fields if label in words), None)
        if field is None:
            self.form_errors.append(reason)
        else:
            field.errors = [*field.errors, reason]


def form_of(kind: ConnectorKind, contracts: list[str], connector: Connector | None = None) -> ConnectorForm:
    """The form of a kind with the values of a connector, or those that were posted."""
    fields = {PREFIX + one.name: _field(one) for one in kind.settings}
    form: ConnectorForm = type("FormOfKind", (ConnectorForm,), {"kind": kind, **fields})(data=_values(connector))
    minutes = sorted({*texts.SCHEDULES, *([connector.every_minutes] if connector else [])})
    form.contract.choices = [SelectChoice("", texts.BY_CONTENT), *(SelectChoice(name, name) for name in contracts)]
    form.every_minutes.choices = [SelectChoice(number, texts.every(number)) for number in minutes]
    return form


def hint(setting: SourceSetting) -> str:
    """Its hint, and how a credential is referred to."""
    if not setting.is_credential:
        return setting.hint
    return f"{setting.hint.removesuffix('.')}. {texts.CREDENTIAL_HINT}" if setting.hint else texts.CREDENTIAL_HINT


def _values(connector: Connector | None) -> dict[str, Any] | None:
    if connector is None:
        return None
    values = {PREFIX + name: value for name, value in connector.settings.items()}
    fixed = {"name": connector.name, "contract": connector.contract, "every_minutes": connector.every_minutes}
    return values | fixed


def _field(setting: SourceSetting) -> Any:
    required = [InputRequired(texts.missing(setting.label))] if setting.is_required else []
    if setting.choices:
        choices = [SelectChoice(one, one or "–") for one in setting.choices]
        return SelectField(setting.label, required, choices=choices, default=setting.default)
    most = MAX_VALUE if setting.is_long else MOST_LETTERS
    kind = TextAreaField if setting.is_long else StringField
    return kind(setting.label, [*required, Length(max=most)], default=setting.default)
