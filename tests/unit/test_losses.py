"""Losses: recorded once, open until somebody has dealt with them, and audited."""

from dataclasses import replace

import pytest

from tillstream.app import App
from tillstream.model.errors import NotFound, Rejected
from tillstream.operations import kept_originals
from tillstream.records import audit_log, losses
from tillstream.records.losses import Loss, LossKind, Resolution

LOST = Loss(LossKind.ORIGINAL, "UK/sales.csv", "It is damaged.", "Send it again.", "abc", ("UK",), ("UK/S1",))


def test_a_loss_is_recorded_once_and_open_until_it_is_resolved(app: App) -> None:
    (first,) = losses.report_losses(app.ports, LOST)
    more = replace(LOST, stores=("UK/S1", "UK/S2"))
    assert losses.report_losses(app.ports, more) == []
    assert [(one.loss, one.since) for one in losses.open_losses(app.ports)] == [(more, first.since)]
    resolved = losses.resolve_loss(app.ports, first.id, Resolution.ACCEPTED, " A test file. ", by="ana")
    assert (resolved.resolved_by, resolved.reason) == ("ana", "A test file.")
    assert losses.open_losses(app.ports) == []
    assert losses.report_losses(app.ports, LOST) == [], "it stays accepted"
    assert losses.reopen_loss(app.ports, first.id, by="ana").is_open
    entries = audit_log.find_by_subject(app.ports, "loss", LOST.name)
    assert [(one.what, one.after["resolution"]) for one in entries] == [
        ("loss.reopened", "open"),
        ("loss.resolved", "accepted"),
    ]


def test_what_is_found_whole_again_is_resolved_and_opens_again_if_it_is_damaged_again(app: App) -> None:
    losses.report_losses(app.ports, LOST)
    assert losses.resolve_recovered(app.ports, LOST.kind, LOST.name)
    assert not losses.resolve_recovered(app.ports, LOST.kind, LOST.name)
    assert not losses.resolve_recovered(app.ports, LossKind.PACK, LOST.name)
    (record,) = losses.all_losses(app.ports)
    assert (record.resolution, record.resolved_by) == (Resolution.RESTORED, losses.SYSTEM)
    assert [one.id for one in losses.report_losses(app.ports, LOST)] == [record.id]


def test_a_decision_needs_a_loss_and_a_reason(app: App) -> None:
    losses.report_losses(app.ports, LOST)
    with pytest.raises(Rejected, match="Give a reason"):
        losses.resolve_loss(app.ports, LOST.id, Resolution.ACCEPTED, " ", by="ana")
    with pytest.raises(Rejected, match="at most 500"):
        losses.resolve_loss(app.ports, LOST.id, Resolution.RESTORED, "x" * 501, by="ana")
    with pytest.raises(NotFound):
        losses.reopen_loss(app.ports, "original-unknown", by="ana")


def test_what_was_accepted_and_is_whole_again_is_a_loss_when_it_is_damaged_again(app: App) -> None:
    losses.report_losses(app.ports, LOST)
    losses.resolve_loss(app.ports, LOST.id, Resolution.ACCEPTED, "A test file.", by="ana")
    assert losses.is_final(app.ports, LOST.kind, LOST.name)
    assert not losses.resolve_recovered(app.ports, LOST.kind, LOST.name), "it was not open"
    assert not losses.is_final(app.ports, LOST.kind, LOST.name)
    assert [one.id for one in losses.report_losses(app.ports, LOST)] == [LOST.id]


@pytest.mark.parametrize("kind", LossKind)
def test_what_is_still_damaged_or_cannot_be_checked_is_not_restored(app: App, kind: LossKind) -> None:
    (record,) = losses.report_losses(app.ports, replace(LOST, kind=kind))
    with pytest.raises(Rejected, match=r"\w\.$"):
        kept_originals.decide_loss(app.ports, record.id, Resolution.RESTORED, "", by="ana", home=app.home)
    assert losses.open_losses(app.ports) == [record]
    offered = kept_originals.loss_choices(record.loss, app.home)
    assert Resolution.ACCEPTED in offered
    assert (Resolution.RESTORED in offered) == (kind in {LossKind.ORIGINAL, LossKind.PACK})
