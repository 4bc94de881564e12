"""Exports of known programs, recognised by their headers; one TOML file per program in `programs`."""
