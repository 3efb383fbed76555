"""Access to the API: who calls, and what it may."""
