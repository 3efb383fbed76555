"""Lab: modems and a network from a scenario or from options, served on ptys, with a control API."""
