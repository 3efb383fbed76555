"""The queue of parts: which one a SIM sends next, its claim, and what became of it."""
