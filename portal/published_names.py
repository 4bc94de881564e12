"""Published endpoint names: stable ids of views whose endpoint was renamed.

The operation ids of the OpenAPI document and the label `endpoint` of the Prometheus metrics are read by external
programs and do not change.
"""

NAMES: dict[str, str] = {
    "api.docs_page": "api.manual",
    "changes.lines": "board.changed_lines",
    "changes.settlement": "board.settlement",
    "changes.show": "board.changes",
    "completeness.day": "board.day",
    "completeness.show": "board.completeness",
    "corrections.cell": "fixing.cell",
    "corrections.count": "fixing.count",
    "corrections.next_left": "fixing.next_left",
    "corrections.preview": "fixing.preview",
    "corrections.redo": "fixing.redo",
    "corrections.rows": "fixing.rows",
    "corrections.send": "fixing.send",
    "corrections.show": "fixing.show",
    "corrections.stamp": "fixing.stamp",
    "corrections.take": "fixing.take",
    "corrections.undo": "fixing.undo",
    "exports.table": "tables.export",
    "health.ready": "running.ready",
    "health.status": "running.status",
    "help.problems": "guide.problems",
    "measures.explanation": "why.show",
    "measures.explanation_data": "why.told",
    "review.decide": "board.decide",
    "review.waiting": "board.waiting",
    "sale_history.show": "board.sale",
    "search.show": "board.search",
    "storybook.show": "looks.storybook",
    "theme.choose": "looks.choose",
    "uploads.preview": "uploads.look",
    "uploads.preview_told": "uploads.look_told",
    "uploads.submit": "uploads.give",
    "uploads.submit_for_preview": "uploads.look_at",
}
"""endpoint → published name, where the two differ."""


def published(endpoint: str) -> str:
    return NAMES.get(endpoint, endpoint)
