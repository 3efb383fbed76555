"""Changes: everything that happened, in order."""
