"""Portals for tests, whose templates and routes are compiled once in a process."""

from collections.abc import Hashable
from copy import copy
from types import CodeType
from typing import Any, ClassVar

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Map, Rule, RuleFactory
from werkzeug.routing.matcher import StateMachineMatcher
from werkzeug.test import TestResponse

import portal
from portal.operations import health
from portal.operations.health import LastCheck
from tillstream.app import App


class OnceCompiled(BytecodeCache):
    """The templates of pages, compiled once for all apps of this process."""

    def __init__(self) -> None:
        self._bytecode: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._bytecode.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._bytecode[bucket.key, bucket.checksum] = bucket.code


COMPILED = OnceCompiled()


class Routes(Map):
    """The routes of an app. Those of apps with the same rules are compiled once in this process: compiling them is most
    of the time of building an app."""

    _compiled: ClassVar[dict[Hashable, tuple[StateMachineMatcher, dict[Any, list[Rule]]]]] = {}

    def __init__(self, *args: Any, **options: Any) -> None:
        self._added: list[Rule] = []
        super().__init__(*args, **options)

    def add(self, rulefactory: RuleFactory) -> None:
        self._added += rulefactory.get_rules(self)
        self._remap = True

    def update(self) -> None:
        if not self._remap:
            return
        options = self.host_matching, self.strict_slashes, self.merge_slashes, tuple(self.converters.items())
        rules = (options, *map(_words_of, self._added))
        if rules not in self._compiled:
            whole = Map(host_matching=self.host_matching, strict_slashes=self.strict_slashes)
            whole.merge_slashes, whole.converters = self.merge_slashes, self.converters
            for rule in self._added:
                whole.add(copy(rule))  # a rule can be in one map only
            whole.update()
            self._compiled[rules] = whole._matcher, whole._rules_by_endpoint
        with self._remap_lock:
            self._matcher, self._rules_by_endpoint = self._compiled[rules]
            self._remap = False


def _words_of(rule: Rule) -> Hashable:
    """All that distinguishes a rule that is in no map."""
    methods, automatic = rule.methods and frozenset(rule.methods), getattr(rule, "provide_automatic_options", None)
    place = rule.rule, rule.endpoint, rule.subdomain, rule.host, methods, automatic, repr(rule.defaults)
    slashes, kind = (rule.strict_slashes, rule.merge_slashes), (rule.build_only, rule.alias, rule.websocket)
    return place, slashes, kind, rule.redirect_to


Flask.url_map_class = Routes


def create_app(app: App, *, testing: bool = False) -> Flask:
    """The product's portal, its templates compiled once."""
    flask = portal.create_app(app)
    flask.testing = testing
    flask.jinja_env.bytecode_cache = COMPILED
    return flask


def readiness(portal: Flask) -> TestResponse:
    """The answer of the readiness check after a new check, as if the last one were long ago."""
    portal.extensions[health.LAST] = LastCheck(health.check_parts, health.count_losses)
    return portal.test_client().get("/healthz/ready")
