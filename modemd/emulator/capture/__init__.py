"""Captures of real modems: reading and playback."""
