"""Presentation of what the commands print: tables that fit the terminal, and times in the configured zone."""
