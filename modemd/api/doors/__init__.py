"""Doors: routes in the formats of other programs. Each is closed unless the configuration names it, and not loaded then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from starlette.routing import BaseRoute, Router

from modemd.service.service import Service

# Where clients of SMSEagle look for their box; it can also be named with /doors/smseagle behind its address.
EAGLE_PATHS = ("/http_api/", "/index.php/http_api/", "/jsonrpc/", "/index.php/jsonrpc/", "/api/v2/")
PATHS = ("/doors/", *EAGLE_PATHS)
"""Beginnings of the paths of doors."""
# The settings that open the doors, by the beginnings of their paths.
_SETTINGS = {
    "/doors/alertmanager": "doors.alertmanager",
    "/doors/grafana": "doors.grafana",
    **dict.fromkeys(("/doors/smseagle", *EAGLE_PATHS), "doors.smseagle"),
}
# Octets of a body: Alertmanager posts a whole group of alerts at once, some 1000 alerts.
LARGEST_POST = 1024 * 1024


def list_open_paths(service: Service) -> tuple[str, ...]:
    """Returns the beginnings of the paths of the doors that are open. Their requests bring a key in the way of their format."""
    settings = service.settings.current().doors
    eagle = ("/doors/smseagle/", *EAGLE_PATHS) if settings.smseagle is not None else ()
    return (*(f"/doors/{name}" for name in settings.alert_doors), *eagle)


def find_closed(path: str, routes: Sequence[BaseRoute]) -> str | None:
    """Returns the setting that would open the door to which `path` leads; None if there is no such door, or it is open. `routes`:
    those of the application."""
    for beginning, setting in _SETTINGS.items():
        if path.startswith(beginning):
            is_open = any(getattr(route, "path", "").startswith(beginning) for route in routes)
            return None if is_open else setting
    return None


def make_router(service: Service) -> Router:
    """Returns the routes of the doors that are open."""
    return Router(list(_make_routes(service)))


def _make_routes(service: Service) -> Iterator[BaseRoute]:
    settings = service.settings.current().doors
    if service.alerts is not None:
        from modemd.api.doors import alerts

        yield from alerts.make_routes(service, service.alerts)
    if settings.smseagle is not None:
        from modemd.api.doors import smseagle

        yield from smseagle.make_routes(service, settings.smseagle.message_class)
