"""HTTP transports: what both sides of the Unix socket share."""
