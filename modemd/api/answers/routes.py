"""Answers of the routes: of what each makes the JSON of its success."""

from __future__ import annotations

from types import FunctionType
from typing import Any, TypedDict, get_type_hints

from modemd.service.calendar.recurring import RecurringSends
from modemd.service.consent.entries import ConsentEntries
from modemd.service.consent.history import ConsentHistories
from modemd.service.consent.imports import ConsentImports
from modemd.service.consent.ledger import ConsentLedger
from modemd.service.consent.mail.emails import ContactEmails
from modemd.service.consent.quiet_hours.views import QuietHoursViews
from modemd.service.consent.records import ConsentRecords
from modemd.service.consent.reply_texts import ReplyTexts
from modemd.service.consent.requests import OptInRequests
from modemd.service.consent.reviews import Reviews
from modemd.service.consent.words import ConsentWords
from modemd.service.contacts.contacts import Contacts, ThreadPage
from modemd.service.inbox.inbound import InboundMessages
from modemd.service.keys.keys import ApiKeys
from modemd.service.messages.batch_decisions import BatchDecisions
from modemd.service.messages.batches import Batches
from modemd.service.messages.decisions import Decisions
from modemd.service.messages.history import MessageHistories
from modemd.service.messages.previews import Previews
from modemd.service.messages.submission import Submission, SubmitResult
from modemd.service.modems.drivers import Drivers
from modemd.service.modems.ussd import UssdSessions
from modemd.service.modems.views import ModemViews
from modemd.service.operations.alarms import Alarms
from modemd.service.operations.health import ServiceHealth
from modemd.service.sims.sims import SimControl
from modemd.service.webhooks.webhooks import Webhooks


class UndoneOptOut(TypedDict):
    """Number whose opt-out was undone."""

    number: str
    opted_out: bool


class ForgottenModem(TypedDict):
    """Modem that is expected no more."""

    name: str
    state: str


class EndedSession(TypedDict):
    """USSD session that was ended."""

    state: str


# Of the function, the type of what it returns; a type, if the route makes something else of that.
ANSWERS: dict[str, Any] = {
    "POST /v1/messages": SubmitResult | list[SubmitResult],
    "GET /v1/messages": MessageHistories.list_views,
    "POST /v1/messages/preview": Previews.preview_messages,
    "GET /v1/messages/{id}": MessageHistories.describe,
    "POST /v1/messages/{id}/settle": Decisions.settle,
    "POST /v1/messages/{id}/cancel": Decisions.cancel,
    "POST /v1/messages/{id}/resend": Decisions.resend,
    "GET /v1/reports": MessageHistories.list_reports,
    "POST /v1/batches": Batches.accept,
    "GET /v1/batches": Batches.list_batches,
    "POST /v1/batches/preview": Previews.preview_file,
    "GET /v1/batches/{id}": Batches.describe,
    "POST /v1/batches/{id}/cancel": BatchDecisions.cancel,
    "POST /v1/batches/{id}/pause": BatchDecisions.pause,
    "POST /v1/batches/{id}/resume": BatchDecisions.resume,
    "GET /v1/inbox": InboundMessages.list_messages,
    "POST /v1/inbox/{id}/reply": Submission.submit,
    "GET /v1/optouts": ConsentRecords.list_opt_outs,
    "POST /v1/optouts/{number}/undo": UndoneOptOut,
    "GET /v1/numbers/{number}/thread": get_type_hints(ThreadPage)["rows"],
    "POST /v1/numbers/{number}/erase": Contacts.erase,
    "GET /v1/drivers": Drivers.list_drivers,
    "GET /v1/drivers/{name}": Drivers.describe,
    "GET /v1/modems": ModemViews.list_modems,
    "POST /v1/modems/{name}/forget": ForgottenModem,
    "GET /v1/modems/{name}/wire": ModemViews.list_wire_lines,
    "POST /v1/modems/{name}/ussd": UssdSessions.send,
    "POST /v1/modems/{name}/ussd/{session}/end": EndedSession,
    "GET /v1/status": ServiceHealth.read_status,
    "GET /healthz": ServiceHealth.assess,
    "GET /v1/alarms": Alarms.list_alarms,
    "POST /v1/alarms/test": Alarms.test,
    "POST /v1/release": Decisions.release,
    "GET /v1/schedules": RecurringSends.list_schedules,
    "POST /v1/schedules": RecurringSends.add,
    "GET /v1/schedules/{name}": RecurringSends.describe,
    "POST /v1/schedules/{name}/pause": RecurringSends.pause,
    "POST /v1/schedules/{name}/resume": RecurringSends.resume,
    "POST /v1/schedules/{name}/remove": RecurringSends.remove,
    "GET /v1/sims": SimControl.list_sims,
    "POST /v1/sims/{iccid}/admit": SimControl.admit,
    "GET /v1/policies": SimControl.list_policies,
    "GET /v1/pauses": SimControl.list_pauses,
    "POST /v1/pause": SimControl.pause,
    "POST /v1/resume": SimControl.resume,
    "GET /v1/consent/numbers/{number}": ConsentRecords.show,
    "GET /v1/consent/emails": ContactEmails.list_emails,
    "POST /v1/consent/numbers/{number}/emails": ContactEmails.add,
    "POST /v1/consent/numbers/{number}/emails/remove": ContactEmails.remove,
    "POST /v1/consent/numbers/{number}/opt-out": ConsentEntries.opt_out,
    "POST /v1/consent/numbers/{number}/opt-in": ConsentEntries.opt_in,
    "POST /v1/consent/import": ConsentImports.import_rows,
    "GET /v1/consent/verify": ConsentLedger.verify,
    "GET /v1/consent/numbers/{number}/history": ConsentHistories.read,
    "POST /v1/consent/requests": OptInRequests.request,
    "GET /v1/consent/reviews": Reviews.list_items,
    "POST /v1/consent/reviews/{id}/opt-out": Reviews.opt_out,
    "POST /v1/consent/reviews/{id}/dismiss": Reviews.dismiss,
    "POST /v1/consent/reviews/{id}/undo": Reviews.undo,
    "GET /v1/consent/lists/{name}/subscribers": ConsentRecords.list_subscribers,
    "GET /v1/quiet-hours": QuietHoursViews.show,
    "GET /v1/consent/replies": ReplyTexts.list_texts,
    "POST /v1/consent/replies/{language}/{kind}": ReplyTexts.set_text,
    "POST /v1/consent/replies/{language}/{kind}/reset": ReplyTexts.reset_text,
    "GET /v1/webhooks": Webhooks.list_webhooks,
    "POST /v1/webhooks": Webhooks.add,
    "GET /v1/webhooks/deliveries": Webhooks.list_deliveries,
    "POST /v1/webhooks/replay": Webhooks.replay,
    "POST /v1/webhooks/{id}/remove": Webhooks.remove,
    "POST /v1/webhooks/{id}/rotate": Webhooks.rotate,
    "GET /v1/consent/words": ConsentWords.list_words,
    "POST /v1/consent/words/add": ConsentWords.change,
    "POST /v1/consent/words/reassign": ConsentWords.change,
    "POST /v1/consent/words/disable": ConsentWords.change,
    "GET /v1/consent/test": ConsentWords.try_text,
    "GET /v1/keys": ApiKeys.list_keys,
    "POST /v1/keys": ApiKeys.create,
    "POST /v1/keys/{id}/rotate": ApiKeys.rotate,
    "POST /v1/keys/{id}/revoke": ApiKeys.revoke,
    "GET /v1/audit": ApiKeys.list_changes,
}


def find_answer(method: str, path: str) -> Any:
    """Returns the type of what the JSON of a successful answer of a route is made of. Raises KeyError if it is not JSON."""
    found = ANSWERS[f"{method} {path}"]
    return get_type_hints(found)["return"] if isinstance(found, FunctionType) else found
