"""The database as files: opening, backup, restore, and checks for damage."""
