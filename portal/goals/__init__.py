"""Goals: what is reached of the goals of a month, and the grid in which goals are entered."""

from flask import Blueprint

from portal.goals import files, grid, page

blueprint = Blueprint("goals", __name__, template_folder="templates")

blueprint.get("/goals", endpoint="show")(page.show_goals)
blueprint.post("/goals/leader-board", endpoint="switch_board")(page.switch_board)
blueprint.get("/goals/ranking", endpoint="ranking")(page.show_ranking)
blueprint.get("/goals/edit", endpoint="edit")(grid.show_grid)
blueprint.post("/goals/edit", endpoint="save")(grid.save_grid)
blueprint.get("/goals/import", endpoint="importing")(files.show_files)
blueprint.post("/goals/import", endpoint="import_file")(files.import_goals_file)
blueprint.get("/goals/export", endpoint="export")(files.export_goals)
blueprint.get("/goals/history", endpoint="history")(grid.show_history)
blueprint.post("/goals/history", endpoint="restore")(grid.restore_version)
blueprint.get("/api/goals", endpoint="data")(files.goals_data)
blueprint.get("/api/v1/goals", endpoint="data")(files.goals_data)
