"""Dispatch: which part goes to which modem, and what became of it."""
