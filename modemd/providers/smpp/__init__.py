"""SMPP over TCP: one bound connection to a message centre, by the session of `modemd.smpp`."""
