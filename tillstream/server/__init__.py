"""The local server: portal, command API and worker in one process."""
