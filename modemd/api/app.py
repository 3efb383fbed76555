"""Application of the HTTP API: one router for each subject, over a service."""

from __future__ import annotations

from fastapi import Depends, FastAPI

from modemd import __version__
from modemd.api import bodies, contacts, errors, inbox, messages, modems, requests, schedules, sims, status
from modemd.api.consent import emails, entries, ledger, quiet_hours, records, reply_texts, reviews, subscribers, words
from modemd.api.consent import requests as opt_in_requests
from modemd.service.service import Service


def create_app(service: Service) -> FastAPI:
    """Returns the application over a service. Each error has one JSON body, as `modemd.api.errors` says."""
    # A path with a slash at its end is no route. Starlette would send the client to an address made of the socket's path.
    app = FastAPI(
        title="modemd",
        version=__version__,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[Depends(requests.refuse_unknown_queries)],
    )
    app.add_middleware(bodies.BodyBounds, find_largest=find_largest_body)
    subjects = (messages, inbox, contacts, modems, status, schedules, sims)
    about_consent = (
        records,
        emails,
        entries,
        ledger,
        opt_in_requests,
        reviews,
        subscribers,
        quiet_hours,
        reply_texts,
        words,
    )
    routers = [subject.make_router(service) for subject in (*subjects, *about_consent)]
    for router in routers:
        app.include_router(router)
    errors.add_error_handlers(app, [route for router in routers for route in router.routes])
    return app


def find_largest_body(path: str) -> int:
    """Returns the most octets of a body that is sent to `path`."""
    if path in (messages.BATCHES, messages.BATCH_PREVIEW, entries.IMPORT):
        return messages.LARGEST_CSV
    return entries.LARGEST_ENTRY if path.startswith(entries.NUMBERS) else bodies.LARGEST_JSON
