"""Sample sales files of fictional regions, and the figures expected from them. Imports only itself."""
