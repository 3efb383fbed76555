"""Captures of real modems: the recorder, and a draft of a driver file from what a modem answers."""
