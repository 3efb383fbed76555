"""Captures of real modems: the recorder, and a first driver file out of a capture."""
