"""Goals: what is reached of the goals of a month, and the grid in which goals are entered."""

from flask import Blueprint

from portal.goals import data, files, grid, history, page, ranking

blueprint = Blueprint("goals", __name__, template_folder="templates")

blueprint.get("/goals", endpoint="show")(page.show)
blueprint.post("/goals/leader-board", endpoint="switch_board")(page.switch_board)
blueprint.get("/goals/ranking", endpoint="ranking")(ranking.show)
blueprint.get("/goals/edit", endpoint="edit")(grid.show)
blueprint.post("/goals/edit", endpoint="save")(grid.save)
blueprint.get("/goals/import", endpoint="importing")(files.show)
blueprint.post("/goals/import", endpoint="import_file")(files.import_file)
blueprint.get("/goals/export", endpoint="export")(files.export)
blueprint.get("/goals/history", endpoint="history")(history.show)
blueprint.post("/goals/history", endpoint="restore")(history.restore)
blueprint.get("/api/goals", endpoint="data")(data.show)
blueprint.get("/api/v1/goals", endpoint="data")(data.show)
