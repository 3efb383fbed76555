"""Geography: which countries and kinds of numbers are written to, and what a SIM can do in each country."""
