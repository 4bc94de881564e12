"""Read → normalise → validate → match → stage → settle → publish, a package for each step."""
