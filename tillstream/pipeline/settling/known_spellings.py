"""The next version of a contract, which reads another spelling of numbers or products as the known one."""

from collections.abc import Mapping, Sequence

from tillstream.domain.batch.holds import Hold
from tillstream.domain.batch.proposal import Proposal
from tillstream.domain.contract.id_patterns import patterns_of
from tillstream.domain.contract.model import IDS, Contract

MOST_VALUES = 1_000
"""Replaced values of a column, which a contract lists one by one."""


def propose_spelling(contract: Contract, hold: Hold) -> Proposal | None:
    """The version with which the file has the known sales; None if no rule turns all spellings into the known ones."""
    unchanged = Proposal(contract.model_dump(mode="json") | {"version": contract.version + 1})
    sales = [("store_id", *pair) for pair in hold.stores] + [("sale_id", *pair) for pair in hold.numbers]
    proposal = _with_rules(contract, unchanged, sales)
    if not proposal:
        return None
    changed = _with_rules(contract, proposal, hold.products) or proposal
    return changed if changed.changes else None


def _with_rules(contract: Contract, proposal: Proposal, words: Sequence[tuple[str, str, str]]) -> Proposal | None:
    """With a rule for each column of these words, each with the known one; None if a word has no rule."""
    changed: Proposal | None = proposal
    for column in dict.fromkeys(column for column, *_ in words):
        pairs = [(here, there) for one, here, there in words if one == column]
        changed = _with_rule(contract, changed, column, pairs) if changed and column in contract.columns else None
    return changed


def _with_rule(
    contract: Contract, proposal: Proposal, column: str, pairs: Sequence[tuple[str, str]]
) -> Proposal | None:
    spellings = dict(pairs)
    if len(spellings) < len(set(pairs)):
        return None
    header, data = contract.columns[column], proposal.contract
    patterns = _patterns(contract, column, spellings) if column in IDS - {"store_id"} else ()
    if patterns:
        columns = (column, "returns_sale_id") if column == "sale_id" else (column,)
        rules = {name: list(patterns) for name in columns if name in contract.columns}
        identity = data["identity"] | {"spellings": data["identity"]["spellings"] | rules}
        here, there = next(pair for pair in pairs if pair[0] != pair[1])
        change = f"{header}: {here} is read as {there}; numbers are written as {patterns[0]}"
        return Proposal(data | {"identity": identity}, (*proposal.changes, change))
    # a value that others of the file have as well is another product
    spellings = {here: there for here, there in spellings.items() if here != there}
    if column == "sale_id" or len(spellings) > MOST_VALUES or set(spellings) & set(spellings.values()):
        return None
    earlier = data["values"].get(column, {})
    replaced = {word: spellings.get(value, value) for word, value in earlier.items()}
    values = data["values"] | {column: spellings | replaced}
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
