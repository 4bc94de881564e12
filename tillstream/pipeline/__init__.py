"""Read → normalise → validate → stage → settle → announce, a package a step."""
