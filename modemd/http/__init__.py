"""HTTP transports: server and client on a Unix socket."""
