"""Texts that modemd itself writes about consent, in every language that has an opt-out word, as data."""
