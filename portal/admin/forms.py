"""Account forms: role, regions, stores and salesperson."""

from dataclasses import dataclass
from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal.admin import texts
from portal.context import me, tillstream
from portal.filters.fields import Field, field
from portal.filters.names import name_of
from portal.filters.values import Value, remaining
from tillstream.model.errors import Conflict, Unavailable
from tillstream.model.people import Role

MOST_PEOPLE = 500
"""Maximum number of suggested salespeople; users type others."""


class AccountForm(FlaskForm):
    name = StringField(texts.COLUMNS["name"], [Length(max=100)])
    role = SelectField(
        texts.COLUMNS["role"], choices=[SelectChoice(role.value, words) for role, words in texts.ROLES.items()]
    )
    # Validated by `tillstream.people`; its errors are shown under the field.
    regions = SelectMultipleField(texts.COLUMNS["regions"], validate_choice=False)
    stores = SelectMultipleField(texts.COLUMNS["stores"], validate_choice=False)
    more_stores = StringField(texts.OTHER_STORES, [Length(max=500)])
    salesperson = StringField(texts.SALESPERSON, [Length(max=60)])

    def account_values(self) -> dict[str, Any]:
        """Form values as keyword arguments of `tillstream.people`."""
        stores = [*(self.stores.data or []), self.more_stores.data or ""]
        return {
            "name": self.name.data or "",
            "role": Role(self.role.data),
            "regions": ",".join(self.regions.data or []).split(","),
            "stores": ",".join(stores).split(","),
            "salesperson": self.salesperson.data or "",
            "check_regions": tillstream().contracts.check_regions,
            "by": me().login,
        }

    def add_error(self, error: Exception) -> None:
        """Show an error under its field."""
        name = getattr(error, "field", "login" if isinstance(error, Conflict) else "name")
        self[name].errors = [str(error)]


class NewAccountForm(AccountForm):
    login = StringField(texts.LOGIN, [InputRequired(texts.NO_LOGIN), Length(max=60)])


@dataclass(frozen=True)
class Lists:
    """Lists of an account form."""

    regions: Field
    stores: Field
    salespeople: list[Value]


def lists(form: AccountForm) -> Lists:
    """All regions, the stores with sales in the chosen ones, and the salespeople with sales."""
    chosen = {name: _parts(one.data) for name, one in (("region", form.regions), ("store", form.stores))}
    regions = dict.fromkeys([*chosen["region"], *tillstream().contracts.regions_to_choose()])
    all_regions = tuple(Value(region, name_of("region", region)) for region in regions)
    own = all_regions[: len(chosen["region"])]
    try:
        stores = field("store", chosen, "stores", texts.COLUMNS["stores"])
        salespeople = [Value(one, name_of("salesperson", one)) for one in remaining("salesperson", {})[:MOST_PEOPLE]]
    except Unavailable:  # accounts do not depend on the warehouse
        listed = tuple(Value(store, store) for store in chosen["store"])
        stores, salespeople = Field("stores", "store", texts.COLUMNS["stores"], listed, listed, ()), []
    return Lists(Field("regions", "region", texts.COLUMNS["regions"], own, all_regions, ()), stores, salespeople)


def _parts(values: list[str] | None) -> list[str]:
    return [text for part in ",".join(values or []).split(",") if (text := part.strip())]
