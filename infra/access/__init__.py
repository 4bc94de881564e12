"""Who may do what in a project: accounts, their roles with the permissions of each, and policies."""
