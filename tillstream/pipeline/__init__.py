"""Read → normalise → validate → stage → settle → announce, a module a step."""
