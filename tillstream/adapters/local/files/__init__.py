"""Objects, watched folders, the home folder and its backups as files."""
