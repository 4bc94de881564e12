"""Other tools loading the same file, each in a process: `python -m bench.peers.NAME FILE WORKDIR`."""
