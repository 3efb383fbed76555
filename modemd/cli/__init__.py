"""The command line: a client of the API, or, where no daemon runs, of the same API in its own process."""
