"""modemd: an on-premise SMS server for USB GSM modems."""

__version__ = "0.1.0"
