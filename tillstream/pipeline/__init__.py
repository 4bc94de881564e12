"""The pipeline room: read → normalise → validate → stage → settle → announce, a module a step."""
