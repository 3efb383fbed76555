"""HTTP API: each route parses its request, calls one function of the service, and makes a JSON document of the answer.

`app` makes the application, `documents` the documents; `modemd.http.unix` serves it on the Unix socket, and
`modemd.api.in_process` calls it without a socket.
"""
