"""HTTP API: each route parses its request, calls one function of the service, and shapes the answer. `app` makes it;
`modemd.http.unix` serves it on the Unix socket, and `modemd.api.in_process` calls it without a socket."""
