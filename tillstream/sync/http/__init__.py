"""The calls of a head office over HTTP: their content, their signatures, and both of their ends."""
