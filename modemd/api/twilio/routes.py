"""Routes of Twilio's API."""

from __future__ import annotations

from starlette.routing import BaseRoute, Match, Route, Router
from starlette.types import Scope

from modemd.api.twilio.accounts import AccountAnswers
from modemd.api.twilio.messages import MessageAnswers
from modemd.api.twilio.resources import TwilioResource, UnknownResource
from modemd.rules.twilio import PREFIX
from modemd.service.service import Service

ACCOUNTS = f"{PREFIX}/Accounts.json"
ACCOUNT = f"{PREFIX}/Accounts/{{account}}"


class TwilioRoute(Route):
    """Route that the audit log can name, as it names those of the framework."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Returns whether the route is meant, and what it adds to the scope of a request."""
        match, more = super().matches(scope)
        return match, {**more, "route": self} if match is not Match.NONE else more


def make_routes(service: Service) -> Router:
    """Returns the routes over a service."""
    messages, accounts = MessageAnswers(service.twilio.messages, service.keys), AccountAnswers(service.twilio.numbers)
    resources = {
        ".json": TwilioResource(GET=accounts.fetch_account),
        "/Messages.json": TwilioResource(GET=messages.list_page, POST=messages.create),
        "/Messages/{sid}.json": TwilioResource(GET=messages.fetch, POST=messages.update, DELETE=messages.delete),
        "/Messages/{sid}/Feedback.json": TwilioResource(POST=messages.add_feedback),
        "/Messages/{sid}/Media.json": TwilioResource(GET=messages.list_media),
        "/Messages/{sid}/Media/{media}.json": TwilioResource(GET=messages.refuse_media, DELETE=messages.refuse_media),
        "/IncomingPhoneNumbers.json": TwilioResource(GET=accounts.list_numbers, POST=accounts.refuse_change),
        "/IncomingPhoneNumbers/{sid}.json": TwilioResource(
            GET=accounts.fetch_number, POST=accounts.refuse_change, DELETE=accounts.refuse_change
        ),
        "/Balance.json": TwilioResource(GET=accounts.fetch_balance),
    }
    routes: list[BaseRoute] = [
        TwilioRoute(ACCOUNTS, TwilioResource(GET=accounts.list_accounts)),
        *(TwilioRoute(f"{ACCOUNT}{path}", resource) for path, resource in resources.items()),
    ]
    routes.append(Route("/{rest:path}", UnknownResource()))
    return Router(routes, redirect_slashes=False)
