"""What others do with the same file, each a process of its own: `python -m bench.peers.NAME FILE WORKDIR`."""
