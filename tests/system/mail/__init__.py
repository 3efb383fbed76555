"""A mail server beside the daemon."""
