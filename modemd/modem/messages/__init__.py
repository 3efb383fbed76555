"""Messages through one modem: sending parts, receiving, and missed calls."""
