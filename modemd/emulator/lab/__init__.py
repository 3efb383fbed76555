"""Lab: modems and a network made of a scenario or of options, served on ptys, with a control API."""
