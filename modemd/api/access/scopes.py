"""Scopes of routes: which right of an API key a request needs, by its method and path, decided before anything of it is read."""

from __future__ import annotations

from modemd.rules.access.callers import ALL
from modemd.rules.twilio import is_of_twilio

_READING = frozenset({"GET", "HEAD", "OPTIONS"})
# The beginning of a path decides, the longest that fits; a subject gets `:read` or `:write` by the method.
_SUBJECTS = {
    "/v1/messages": "messages",
    "/v1/batches": "messages",
    "/v1/reports": "messages",
    "/v1/schedules": "messages",
    "/v1/inbox": "inbox",
    "/v1/optouts": "contacts",
    "/v1/numbers": "contacts",
    "/v1/consent": "contacts",
    "/v1/quiet-hours": "contacts",
    "/v1/modems": "modems",
    "/v1/drivers": "modems",
    "/v1/sims": "modems",
    "/v1/policies": "modems",
    "/v1/status": "system",
    "/v1/alarms": "system",
    "/v1/pause": "system",
    "/v1/pauses": "system",
    "/v1/resume": "system",
    "/v1/release": "system",
    "/healthz": "system",
    "/openapi.json": "system",
    "/v1/webhooks": "webhooks",
}
_WHOLE = {
    "/v1/keys": "keys:write",
    "/v1/audit": "keys:write",
    "/v1/events": "events:read",
    "/doors": "alerts:write",
    # Of the door for clients of SMSEagle, if it is closed: an open one looks for its key itself.
    **dict.fromkeys(
        ("/doors/smseagle", "/http_api", "/index.php/http_api", "/jsonrpc", "/index.php/jsonrpc", "/api/v2"),
        "messages:write",
    ),
}
# What only computes, whatever its method.
_HARMLESS = frozenset({"/v1/messages/preview", "/v1/batches/preview"})


def find_scope(method: str, path: str) -> str | None:
    """Returns the scope that a request needs; None if its route looks for it. A path that is no route needs all: whoever asks for
    it learns nothing."""
    if is_of_twilio(path):  # it looks at the message first: one that came in is of the inbox
        return None
    for beginning in _list_beginnings(path):
        if beginning in _WHOLE:
            return _WHOLE[beginning]
        if beginning in _SUBJECTS:
            reads = method in _READING or path in _HARMLESS
            return f"{_SUBJECTS[beginning]}:{'read' if reads else 'write'}"
    return ALL


def _list_beginnings(path: str) -> list[str]:
    """Returns a path and what is before each of its slashes, the longest first."""
    steps = path.split("/")
    return ["/".join(steps[:count]) for count in range(len(steps), 1, -1)]
