"""Command line: a client of the daemon's API; if no daemon runs, it calls the same API in its own process."""
