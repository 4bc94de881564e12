"""Dashboard layouts: one skeleton for all roles, with defaults of each role."""

from dataclasses import dataclass

from portal.translation import N_
from tillstream.model.permissions import Role

ANSWERS = ("brief", "headline", "over-time", "movers", "split-1", "split-2")
"""Tiles of the skeleton; split-1 and split-2 are breakdowns by a chosen dimension."""


@dataclass(frozen=True)
class RoleLayout:
    """`question`: what the page answers. `tiles`: from top to bottom; `details` follow and fold on a phone.

    movers: the dimension of the biggest movers. splits: the dimensions of the breakdowns.
    figures: further key figures, of which the first one that has a value completes the strip.
    brief: what the first line of the page has, in this order.
    """

    question: str
    movers: str
    splits: tuple[str, str]
    details: tuple[str, ...]
    tiles: tuple[str, ...] = ANSWERS
    figures: tuple[str, ...] = ("margin", "returned_value")
    brief: tuple[str, ...] = ()


ROLE_LAYOUTS: dict[Role, RoleLayout] = {
    Role.ADMIN: RoleLayout(
        N_("How is every region selling, and is any data missing?"),
        "by-store",
        ("by-region", "by-category"),
        ("stock", "goals", "heatmap", "top-customers", "attention", "freshness"),
        brief=("today", "fallen", "stock", "late", "review"),
    ),
    Role.MANAGER: RoleLayout(
        N_("How are your stores and salespeople selling, and what needs your attention?"),
        "by-product",
        ("by-store", "by-salesperson"),
        ("stock", "goals", "heatmap", "top-customers", "attention", "freshness"),
        brief=("today", "fallen", "stock", "late", "review"),
    ),
    Role.CLERK: RoleLayout(
        N_("Did every file arrive, and what needs your attention?"),
        "by-store",
        ("by-store", "by-category"),
        ("stock", "goals", "split-1", "split-2", "freshness"),
        tiles=("attention", "latest-uploads", "headline", "over-time", "movers"),
    ),
    Role.SALESPERSON: RoleLayout(
        N_("How are your own sales going?"),
        "by-product",
        ("by-product", "by-customer"),
        ("stock", "goals", "heatmap", "top-customers", "freshness"),
        brief=("today", "goal", "risen", "fallen"),
    ),
    Role.ANALYST: RoleLayout(
        N_("How are sales developing, and why?"),
        "by-country",
        ("by-country", "by-category"),
        ("stock", "goals", "heatmap", "freshness"),
        brief=("risen", "fallen", "today", "checks"),
    ),
}
