"""Changes that the feed tells of."""
