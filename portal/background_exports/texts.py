"""Texts of exports in the background."""

from tillstream.delivery.background_exports import CANCELLED, DONE, FAILED, RUNNING, WAITING

STATES = {WAITING: "Waiting", RUNNING: "Running", DONE: "Done", FAILED: "Failed", CANCELLED: "Cancelled"}
STARTED = "The export runs in the background. Its file appears below and under Exports."
NOT_DONE = "The file is not complete yet."
OTHER_SCOPE = "What you may see has changed since the file was written. Remove the export and start it again."
DAMAGED = "The file was damaged. Remove the export and start it again."
GONE = "The file was removed. Remove the export and start it again."
