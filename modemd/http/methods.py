"""Methods that a path takes, for the header `Allow` of a 405: the framework names those of one route only."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.routing import BaseRoute, Route


def list_methods(routes: Iterable[BaseRoute], path: str) -> list[str]:
    """Returns the methods of the first route that a path matches, and of the others with the same path; none if there is no such
    route. `path`: not escaped."""
    known = [route for route in routes if isinstance(route, Route)]
    first = next((route.path for route in known if route.path_regex.match(path)), None)
    return sorted({method for route in known if route.path == first for method in route.methods or ()})
