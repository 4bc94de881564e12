"""Account forms: role, regions, stores and salesperson."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length

from portal import metrics
from portal.admin import texts
from portal.context import me, tillstream
from tillstream.analytics.filters import Filters
from tillstream.domain.errors import Conflict, Unavailable
from tillstream.domain.people import Role
from tillstream.people.user import User

MOST_STORES, MOST_PEOPLE = 80, 500
"""Maximum number of listed choices; users type others."""


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
            "valid_regions": tillstream().contracts.regions(),
            "by": me().login,
        }

    def add_error(self, error: Exception) -> None:
        """Show an error under its field."""
        name = getattr(error, "field", "login" if isinstance(error, Conflict) else "name")
        self[name].errors = [str(error)]


class NewAccountForm(AccountForm):
    login = StringField(texts.LOGIN, [InputRequired(texts.NO_LOGIN), Length(max=60)])


def offered(form: AccountForm, one: User | None = None) -> list[str]:
    """Fill the choices: all regions, and stores with sales or of the account. Returns the salesperson ids."""
    regions, stores = tillstream().contracts.regions(), distinct_values("filter-values", "value", filter="store")
    form.regions.choices = [SelectChoice(region, region) for region in regions]
    form.regions.data = [part.strip() for part in ",".join(form.regions.data or []).split(",")]
    shown = sorted({*(stores if len(stores) <= MOST_STORES else []), *(one.stores if one else ())})
    form.stores.choices = [SelectChoice(store, store) for store in shown]
    return distinct_values("salespeople", "salesperson_id")[:MOST_PEOPLE]


def distinct_values(query: str, column: str, **params: Any) -> list[str]:
    """Distinct values in the sales; empty while the warehouse is unavailable, as accounts do not depend on it."""
    try:
        rows = metrics.ask(query, Filters(), **params).to_pylist()
    except Unavailable:
        return []
    return sorted({str(row[column]) for row in rows if row[column] is not None})
