"""Problems of a statement in its own words."""

import re
from collections.abc import Iterable, Mapping

from tillstream.ad_hoc.offered import OfferedTable
from tillstream.ad_hoc.places import Place
from tillstream.model.errors import Rejected
from tillstream.model.text import did_you_mean

_UNKNOWN = re.compile(r"""(?:[Cc]olumn(?: name)?|name:) ["`]?(?:\w+\.)*(\w+)""")
"""How the engines name a column that is unknown or ambiguous."""
_UNKNOWN_IN = re.compile(r"""(?:Table|Values list) "(\w+)" does not have a column named "(\w+)\"""")
"""How DuckDB names a column that a table lacks."""
_AMBIGUOUS = re.compile("ambiguous", re.IGNORECASE)


def with_place(error: Rejected, names: Mapping[str, Place], offered: Iterable[OfferedTable]) -> Rejected:
    """The error of an engine with its place in the statement, if it is about a name of it. names: as in `Statement`."""
    if (lacking := _UNKNOWN_IN.search(str(error))) and (name := lacking[2].lower()) in names:
        return Rejected(f"{names[name]}There is no column {name} in {lacking[1]}.")
    match = _UNKNOWN.search(str(error))
    name = match[1].lower() if match else ""
    if name not in names:
        return error
    if _AMBIGUOUS.search(str(error)):
        return Rejected(f"{names[name]}{name} is in several tables. Write TABLE.{name}.")
    columns = {column.name for table in offered for column in table.columns}
    if name in columns:
        return error
    return Rejected(f"{names[name]}There is no column {name}.{did_you_mean(name, columns)}")
