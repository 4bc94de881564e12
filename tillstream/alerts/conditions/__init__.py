"""The conditions of all kinds of rules.

To add one, write a module with `CONDITIONS`, by the name of the kind, and declare the kind in
`tillstream/alerts/kinds.py`.
"""

from importlib import import_module
from pkgutil import iter_modules

from tillstream.alerts.condition import Condition


def find_condition(kind: str) -> Condition:
    """The condition of a kind of rules; `KeyError` if no module has it."""
    conditions: dict[str, Condition] = {}
    for module in iter_modules(__path__):
        conditions |= import_module(f"{__name__}.{module.name}").CONDITIONS
    return conditions[kind]
