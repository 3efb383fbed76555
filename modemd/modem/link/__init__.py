"""Link to one modem: its port, the AT dialogue over it, and the log of what went over the wire."""
