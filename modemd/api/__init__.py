"""The HTTP API: parse, call one service function, shape the answer. `app` makes it; it is
served on the Unix socket by `modemd.http.unix`, and asked without one by `inprocess`."""
