"""Changes: the feed of everything that changes, for the event stream and for webhooks."""
