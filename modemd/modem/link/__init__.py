"""The link to one modem: its port, the AT dialogue over it, and the record of what went over the wire."""
