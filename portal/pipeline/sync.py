"""Page of the sync: how far this home has sent its sales to a head office, and how far the homes that sync here are."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.access import allow
from portal.context import me, ports, tillstream
from portal.pipeline import sync_questions, texts
from tillstream.app import syncing
from tillstream.app.source_access import source_access
from tillstream.model.errors import Rejected
from tillstream.model.people import Action
from tillstream.sync import homes, identity, requests, standing, status
from tillstream.sync.http import address
from tillstream.sync.reference import questions


def register(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/pipeline/sync", "sync", show)
    for path, endpoint, view in (
        ("address", "begin_sync", begin),
        ("stop", "stop_sync", stop),
        ("questions", "decide_sync", sync_questions.decide),
        ("requests/<batch_id>/decline", "decline_request", decline),
        ("homes", "add_home", add_home),
        ("homes/<home>/remove", "remove_home", remove_home),
        ("homes/<home>/release", "release_home", release_home),
    ):
        blueprint.add_url_rule(f"/pipeline/sync/{path}", endpoint, view, methods=["POST"])


@allow(Action.ADMINISTER)
def show() -> ResponseReturnValue:
    app, now = tillstream(), ports().clock.now()
    own = status.get(ports())
    return render_template(
        "pipeline/sync.html",
        identity=identity.find(ports()),
        status=own,
        lag=status.lag(ports()) if own.to else None,
        questions=sync_questions.shown(),
        requests=requests.to_answer(ports()),
        question_count=questions.count(ports()),
        homes=[(home, standing.of(home, now)) for home in homes.every(ports())],
        project_note=syncing.ONLY_HEAD_OFFICE if app.settings.project else "",
        tones=texts.STANDING_TONES,
        labels=texts.STANDINGS,
        not_encrypted=texts.NOT_ENCRYPTED if address.is_unencrypted(own.to) else "",
    )


@allow(Action.ADMINISTER)
def begin() -> ResponseReturnValue:
    if tillstream().settings.project:
        raise Rejected(syncing.ONLY_HEAD_OFFICE)
    to = address.allowed(request.form.get("to", ""), source_access(tillstream()).check_host)
    identity.create(ports(), me().login)
    status.begin(ports(), to, me().login)
    flash(texts.syncs_to(to), "done")
    if address.is_unencrypted(to):
        flash(texts.NOT_ENCRYPTED, "ask")
    return _to_page()


@allow(Action.ADMINISTER)
def stop() -> ResponseReturnValue:
    status.stop(ports(), me().login)
    flash(texts.SYNC_STOPPED, "done")
    return _to_page()


@allow(Action.ADMINISTER)
def decline(batch_id: str) -> ResponseReturnValue:
    request_ = requests.decline(ports(), batch_id, request.form.get("reason", ""), me().login)
    flash(texts.request_declined(request_.file), "done")
    return _to_page()


@allow(Action.ADMINISTER)
def add_home() -> ResponseReturnValue:
    form = request.form
    home = homes.add(ports(), form.get("name", "").strip(), form.get("key", "").strip(), me().login)
    flash(texts.home_added(home.name), "done")
    return _to_page()


@allow(Action.ADMINISTER)
def remove_home(home: str) -> ResponseReturnValue:
    homes.remove(ports(), home, me().login)
    flash(texts.home_removed(home), "done")
    return _to_page()


@allow(Action.ADMINISTER)
def release_home(home: str) -> ResponseReturnValue:
    homes.release(ports(), home, me().login)
    flash(texts.home_released(home), "done")
    return _to_page()


def _to_page() -> ResponseReturnValue:
    return redirect(url_for("pipeline.sync"), 303)
