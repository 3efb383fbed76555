"""The API, its webhooks and its doors in real processes."""
