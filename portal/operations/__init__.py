"""The state of the system: pipeline, audit log, readiness and metrics."""
