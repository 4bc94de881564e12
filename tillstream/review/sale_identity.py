"""The sale id rule of a proposed contract, if sales of the file look like sales that the region has already.

Asks `overlap`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from tillstream.detection.evidence import ANSWERED, CERTAIN, DetectionFinding, DetectionQuestion
from tillstream.detection.sheet import Sheet
from tillstream.model.contract import Contract, parse_contract
from tillstream.model.document_json import JsonObject
from tillstream.model.errors import Rejected
from tillstream.model.money import example_text
from tillstream.review.sale_overlap import (
    LineLookup,
    SaleOverlap,
    names_sales_without_numbers,
    read_sampled_lines,
    sample_lines,
    search_overlap,
)

OVERLAP_QUESTION, SAME_SALES, DIFFERENT_SALES = "overlap", "same", "different"


def prefix_if_needed(proposed: Contract, contracts: Iterable[Contract]) -> tuple[Contract, DetectionFinding | None]:
    """Add an `id_prefix` if another contract of the region has a different sale id rule; also return the finding."""
    for other in contracts:
        if other.name == proposed.name or (other.region, other.identity.id_prefix) != (proposed.region, ""):
            continue
        if other.sale_identity != proposed.sale_identity:
            return add_id_prefix(
                proposed, f"{other.name} also belongs to {proposed.region}, but identifies sales differently"
            )
    return proposed, None


def add_id_prefix(proposed: Contract, evidence: str) -> tuple[Contract, DetectionFinding]:
    """Add an `id_prefix`, and return the finding as well."""
    prefix = f"{proposed.name}-"
    identity = proposed.identity.model_copy(update={"id_prefix": prefix})
    return proposed.model_copy(update={"identity": identity}), DetectionFinding(
        "identity.id_prefix", prefix, evidence, CERTAIN
    )


@dataclass(frozen=True)
class IdentityDecision:
    """The contract, unless a question is open."""

    contract: Contract
    findings: tuple[DetectionFinding, ...] = ()
    questions: tuple[DetectionQuestion, ...] = ()


def decide_sale_identity(
    proposed: Contract,
    sheet: Sheet,
    contracts: Iterable[Contract],
    answers: Mapping[str, str],
    delivered: LineLookup | None,
) -> IdentityDecision:
    """Give the proposed contract a sale id prefix if it needs one; ask first if the ledger may have its sales."""
    of_region = {one.name: one for one in contracts if one.region == proposed.region}
    contract, finding = prefix_if_needed(proposed, of_region.values())
    findings = (finding,) if finding else ()
    overlap = None
    if delivered and of_region:
        overlap = search_overlap(proposed, sample_lines(sheet, proposed), of_region, delivered)
    if overlap is None:
        return IdentityDecision(contract, findings)
    has_same_ids = overlap.has_same_ids(read_sampled_lines(sheet, contract))
    if has_same_ids and overlap.equal_amounts * 2 > len(overlap.matches):
        return IdentityDecision(contract, findings)
    answer = answers.get(OVERLAP_QUESTION)
    if answer == DIFFERENT_SALES:
        if has_same_ids:
            contract, finding = add_id_prefix(proposed, f"sales of {overlap.contract} have the same numbers")
            findings = (finding,)
        return IdentityDecision(contract, (DetectionFinding(OVERLAP_QUESTION, answer, ANSWERED, 1.0), *findings))
    if answer == SAME_SALES:
        if equal := _with_same_ids(proposed, sheet, of_region, overlap):
            evidence = f"the sampled sales have the IDs that {overlap.contract} gave them"
            identity = DetectionFinding("identity", _rule_summary(equal), evidence, 1.0)
            return IdentityDecision(equal, (DetectionFinding(OVERLAP_QUESTION, answer, ANSWERED, 1.0), identity))
        return IdentityDecision(contract, (), (_unequal_question(overlap),))
    return IdentityDecision(contract, (), (_overlap_question(overlap, proposed),))


def _overlap_question(overlap: SaleOverlap, proposed: Contract) -> DetectionQuestion:
    words = (
        f"{len(overlap.matches):,} of {overlap.sales:,} sampled sales look like sales that {overlap.contract} already "
        f"delivered, such as {_overlap_example(overlap, proposed)}. Are they the same sales?"
    )
    return DetectionQuestion(OVERLAP_QUESTION, words, (SAME_SALES, DIFFERENT_SALES), _overlap_evidence(overlap))


def _unequal_question(overlap: SaleOverlap) -> DetectionQuestion:
    """The question again, for sales that would count twice although they are the same."""
    words = (
        f"The sales cannot get the IDs that {overlap.contract} gave them, so they would count twice. Load the file "
        f"with {overlap.contract} instead of a new contract, or undo the files of {overlap.contract} first. Or are "
        "they different sales?"
    )
    return DetectionQuestion(OVERLAP_QUESTION, words, (SAME_SALES, DIFFERENT_SALES), _overlap_evidence(overlap))


def _overlap_example(overlap: SaleOverlap, proposed: Contract) -> str:
    match = next((one for one in overlap.matches if one.has_equal_amounts), overlap.matches[0])
    line = match.lines[0]
    number = "one" if proposed.identity.by_content else line.number
    amount = sum((one.net_amount for one in match.lines), Decimal(0))
    return f"{number} on {line.sale_date} for {example_text(amount, proposed.currency)}"


def _overlap_evidence(overlap: SaleOverlap) -> str:
    return f"{overlap.equal_amounts:,} of these {len(overlap.matches):,} sales have the same amounts as well"


def _rule_summary(contract: Contract) -> str:
    identity = contract.identity
    if identity.by_content:
        return "content"
    return ",".join(identity.made_of) or contract.columns["sale_id"]


def _with_same_ids(
    proposed: Contract, sheet: Sheet, contracts: Mapping[str, Contract], overlap: SaleOverlap
) -> Contract | None:
    """The proposed contract with a sale id rule that gives its sales the IDs of the ledger; None if none does."""
    other = contracts.get(overlap.contract)
    for candidate in (proposed, *(_by_rule_of(other, proposed) if other else ())):
        if overlap.has_same_ids(read_sampled_lines(sheet, candidate)):
            return candidate
    return None


def _by_rule_of(other: Contract, proposed: Contract) -> Iterable[Contract]:
    """The proposed contract with the sale id rule of another contract, where it has the columns for that."""
    identity: JsonObject = {
        "ids": other.identity.ids,
        "store": other.identity.store or proposed.identity.store,
        "id_prefix": other.identity.id_prefix,
        "by_content": other.identity.by_content,
        "made_of": proposed.identity.made_of,
    }
    roles = {header: role for role, header in other.columns.items()}
    columns = dict(proposed.columns)
    if other.identity.made_of:
        parts = [columns.get(roles.get(header, ""), header) for header in other.identity.made_of]
        identity["made_of"] = parts if set(parts) <= {*columns.values(), *proposed.extra_columns} else ()
    if not other.has_line_numbers:
        columns.pop("line_key", None)
    if names_sales_without_numbers(other):
        columns.pop("sale_id", None)
    if other.identity.by_content:
        columns.pop("line_key", None)
        identity["made_of"] = ()
    dropped = [header for role, header in proposed.columns.items() if role not in columns]
    data = proposed.model_dump(mode="json")
    data["identity"] |= identity
    try:
        yield parse_contract(data | {"columns": columns, "extra_columns": [*proposed.extra_columns, *dropped]})
    except Rejected:
        return
