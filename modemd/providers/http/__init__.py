"""HTTP to a provider: a client that knows of each request whether an octet of it was written.

Nothing here repeats a request or follows a redirect: either could send a message twice.
"""
