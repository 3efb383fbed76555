"""Messages at one modem: sending parts, receiving, and missed calls."""
