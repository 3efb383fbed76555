"""Quiet hours by country: when marketing may reach a person, by the hours of their country, in their own time zone.

`quiet_hours` decides. It asks `zones` where a number can be, `table` which hours apply there, `holidays` which dates are public
holidays, and `openings` when all of these hours are open at once. The tables are data: `hours.csv` has a source and a confidence
in every row, and the configuration can change each. modemd gives no legal advice.
"""
