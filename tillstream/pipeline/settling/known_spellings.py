"""The next version of a contract, which reads another spelling of numbers or products as the known one."""

from collections.abc import Mapping, Sequence

from tillstream.domain.batch.holds import Hold
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.contract.id_patterns import patterns_of
from tillstream.domain.contract.model import IDS, Contract

MOST_VALUES = 1_000
"""Replaced values of a column, which a contract lists one by one."""
_PRODUCTS = ("product_id", "product_name", "category")


def propose_spelling(contract: Contract, hold: Hold) -> Proposal | None:
    """The version with which the file has the known sales; None if no rule turns all spellings into the known ones."""
    product = next((name for name in _PRODUCTS if name in contract.columns), "")
    proposal = Proposal(contract.model_dump(mode="json") | {"version": contract.version + 1})
    for column, pairs in (("sale_id", hold.numbers), (product, hold.products)):
        changed = _with_rule(contract, proposal, column, pairs) if pairs and column in contract.columns else None
        if pairs and not changed and (column == "sale_id" or not proposal.changes):
            return None
        proposal = changed or proposal
    return proposal


def _with_rule(
    contract: Contract, proposal: Proposal, column: str, pairs: Sequence[tuple[str, str]]
) -> Proposal | None:
    spellings = dict(pairs)
    if len(spellings) < len(set(pairs)):
        return None
    header, data = contract.columns[column], proposal.contract
    patterns = _patterns(contract, column, spellings) if column in IDS else ()
    if patterns:
        columns = (column, "returns_sale_id") if column == "sale_id" else (column,)
        rules = {name: list(patterns) for name in columns if name in contract.columns}
        identity = data["identity"] | {"spellings": data["identity"]["spellings"] | rules}
        here, there = pairs[0]
        change = f"{header}: {here} is read as {there}; numbers are written as {patterns[0]}"
        return Proposal(data | {"identity": identity}, (*proposal.changes, change))
    # a value that others of the file have as well is another product
    if column == "sale_id" or len(spellings) > MOST_VALUES or set(spellings) & set(spellings.values()):
        return None
    values = data["values"] | {column: data["values"].get(column, {}) | spellings}
    changes = tuple(f"{header}: {here} is read as {there}" for here, there in spellings.items())
    return Proposal(data | {"values": values}, (*proposal.changes, *changes))


def _patterns(contract: Contract, column: str, spellings: Mapping[str, str]) -> tuple[str, ...]:
    """Patterns that give each ID its known spelling, and leave the known ones as they are."""
    from tillstream.pipeline.normalising.id_columns import spelled_texts  # heavy, only needed here

    prefix = contract.identity.id_prefix if column == "sale_id" else ""
    if not all(text.startswith(prefix) for pair in spellings.items() for text in pair):
        return ()
    pairs = {here.removeprefix(prefix): there.removeprefix(prefix) for here, there in spellings.items()}
    earlier = contract.identity.spellings.get(column, ())
    patterns = tuple(dict.fromkeys((*earlier, *patterns_of(pairs.values(), pairs))))
    if not patterns:
        return ()
    wanted = [*pairs.values(), *pairs.values()]
    return patterns if spelled_texts([*pairs, *pairs.values()], patterns) == wanted else ()
