"""The HTTP API: parse, call one service function, shape the answer. `app` makes it, `server` serves it on the Unix socket."""
