"""Captures of real modems, read and played back."""
