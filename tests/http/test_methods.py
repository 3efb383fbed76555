"""The methods of a path, over several routes."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from modemd.http.methods import list_methods


async def answer(request: Request) -> Response:
    return Response()


ROUTES = (
    Route("/a", answer, methods=["POST"]),
    Mount("/m", routes=[]),
    Route("/a/preview", answer, methods=["POST"]),
    Route("/a/{id}", answer, methods=["PATCH"]),
    Route("/a", answer, methods=["DELETE"]),
)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        pytest.param("/a", ["DELETE", "POST"], id="two routes"),
        pytest.param("/a/preview", ["POST"], id="not those of the route for an id"),
        pytest.param("/a/é", ["PATCH"], id="an id"),
        pytest.param("/b", [], id="no route"),
        pytest.param("/m", [], id="no route of one path"),
    ],
)
def test_the_methods_of_a_path(path: str, methods: list[str]) -> None:
    """All routes with the path of the first that matches count."""
    assert list_methods(ROUTES, path) == methods
