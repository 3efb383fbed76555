"""Application of the HTTP API: a router a subject, over a running service."""

from __future__ import annotations

from fastapi import FastAPI

from modemd import __version__
from modemd.api import errors, inbox, messages, modems, schedules, sims, status
from modemd.service.service import Service


def create_app(service: Service) -> FastAPI:
    """Returns the application over a service. Each error has one JSON body, as `modemd.api.errors` says."""
    app = FastAPI(title="modemd", version=__version__, docs_url=None, redoc_url=None)
    errors.add_error_handlers(app)
    for subject in (messages, inbox, modems, status, schedules, sims):
        app.include_router(subject.make_router(service))
    return app
