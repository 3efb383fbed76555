"""Files of the database: opening, backup, restore, and checks for damage."""
