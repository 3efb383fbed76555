"""Forms of webhooks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator

from modemd.rules.changes.kinds import EventKind
from modemd.service.messages.submission import MessageRequest
from modemd.service.twilio.forms import TwilioForms
from modemd.store.changes import feed
from modemd.store.changes.feed import Cursor
from modemd.store.events import Authorship
from modemd.store.queue.outcomes import AttemptResult
from tests.service.assembled import AssembledService, assembled_service
from tests.service.twilio.changes import TestedChange, inbound_change, last_change
from tests.service.twilio.own_sims import (
    ALICE,
    CONFIGURED,
    EAST,
    WEST,
    WEST_NUMBER,
    arrive,
    arrive_as_pdu,
    meet_sims,
    report,
    try_next,
)

ACCOUNT, TOKEN, KEY = "AC" + "0123456789abcdef" * 2, "f" * 32, 7
NUMBERS = {WEST: WEST_NUMBER}
FORMS = TwilioForms(lambda key: ACCOUNT if key == KEY else "", lambda key: TOKEN if key == KEY else "", NUMBERS.get)


@pytest.fixture
async def assembled(tmp_path: Path) -> AsyncIterator[AssembledService]:
    async with assembled_service(tmp_path, **CONFIGURED) as assembled:
        await meet_sims(assembled)
        yield assembled


async def sent(assembled: AssembledService, **more: Any) -> None:
    await assembled.service.messages.submission.submit(MessageRequest(ALICE, "hello", sim=WEST, **more))


async def form_of(assembled: AssembledService) -> dict[str, str] | None:
    """The form of the last change of the message."""
    return FORMS.make_form(await last_change(assembled, 1), KEY)


async def test_an_inbound_message_is_told(assembled: AssembledService) -> None:
    """With every name that client code reads, and a signature that the official validator takes."""
    id = await arrive(assembled, text="Arrêt ✋ & more")
    form = FORMS.make_form(await inbound_change(assembled, id), KEY)
    sid = f"SM1{id:031x}"
    assert form == {
        "MessageSid": sid,
        "SmsSid": sid,
        "SmsMessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": ALICE,
        "To": WEST_NUMBER,
        "Body": "Arrêt ✋ & more",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "ApiVersion": "2010-04-01",
        "MessagingServiceSid": f"MG{ACCOUNT[2:]}",
    }
    signature = FORMS.sign("https://crm.example/hook?a=b", form, KEY)
    assert RequestValidator(TOKEN).validate("https://crm.example/hook?a=b", form, signature)


async def test_a_number_that_nobody_knows_is_empty(assembled: AssembledService) -> None:
    """The ICCID of a SIM is never told as a number."""
    await assembled.store.write(lambda db: db.execute("UPDATE sim SET number = NULL"))
    form = FORMS.make_form(await inbound_change(assembled, await arrive(assembled, sim=EAST)), KEY)
    assert form is not None
    assert form["To"] == ""


async def test_a_status_is_told(assembled: AssembledService) -> None:
    """Not the first one, nor that a modem is at work; then each that a message enters."""
    await sent(assembled)
    assert await form_of(assembled) is None
    await try_next(assembled)
    form = await form_of(assembled)
    sid = "SM" + "0" * 31 + "1"
    assert form == {
        "MessageSid": sid,
        "SmsSid": sid,
        "MessageStatus": "sent",
        "SmsStatus": "sent",
        "AccountSid": ACCOUNT,
        "From": WEST_NUMBER,
        "To": ALICE,
        "ApiVersion": "2010-04-01",
    }
    assembled.clock.passes(minutes=5)
    await report(assembled)
    form = await form_of(assembled)
    assert form is not None
    assert (form["MessageStatus"], form["RawDlrDoneDate"]) == ("delivered", "2611221205")
    assert "ErrorCode" not in form


async def test_what_went_wrong_has_its_number(assembled: AssembledService) -> None:
    """By the report of the network, or by what the modem said."""
    await sent(assembled)
    await try_next(assembled)
    await report(assembled, status=0x43)
    form = await form_of(assembled)
    assert form is not None
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "30005")


async def test_what_the_network_refuses_is_told(assembled: AssembledService) -> None:
    """As failed."""
    await sent(assembled)
    await try_next(assembled, result=AttemptResult.REFUSED, reference=None, error="+CMS ERROR: 96")
    form = await form_of(assembled)
    assert form is not None
    assert (form["MessageStatus"], form["ErrorCode"]) == ("failed", "30008")


async def test_a_cancelled_message_is_told(assembled: AssembledService) -> None:
    """By a person it is canceled, and has no error."""
    await sent(assembled, at=(assembled.clock.now() + timedelta(hours=1)).isoformat())
    await assembled.service.messages.decisions.cancel(1, Authorship("ann", "not now"))
    form = await form_of(assembled)
    assert form is not None
    assert (form["MessageStatus"], form.get("ErrorCode")) == ("canceled", None)
    assert form["From"] == WEST_NUMBER, "no SIM has sent it, but one was asked for"


async def test_what_stays_unknown_is_told_at_its_end(assembled: AssembledService) -> None:
    """Until then a report may prove it; a message that was sent and closes without a report stays sent."""
    await sent(assembled)
    await try_next(assembled, result=AttemptResult.UNKNOWN, reference=None)
    unknown = await last_change(assembled, 1)
    assert FORMS.make_form(unknown, KEY) is None
    form = FORMS.make_form(TestedChange("message.closed", unknown.data), KEY)
    assert form is not None
    assert (form["MessageStatus"], form["ErrorCode"]) == ("undelivered", "30008")


@pytest.mark.parametrize(
    "kind", ["alarm.raised", "message.accepted", "message.sent", "inbox.received", "consent.opted_out"]
)
async def test_other_changes_are_not_told(kind: str) -> None:
    """Nor what is there no more."""
    assert FORMS.make_form(TestedChange(kind, None), KEY) is None


@pytest.mark.parametrize(
    ("text", "opt_out"),
    [("STOP", "STOP"), ("Arrêt", "STOP"), ("start", "START"), ("HELP", "HELP"), ("where is it?", None), ("yes", None)],
)
async def test_a_word_of_consent_says_so(assembled: AssembledService, text: str, opt_out: str | None) -> None:
    """modemd has acted on it and answered it, so that the application does not."""
    id = await arrive_as_pdu(assembled, ALICE, text)
    page = await assembled.store.read(lambda db: feed.read_changes(db, Cursor(0, 0), 100, {EventKind.INBOX_RECEIVED}))
    (change,) = page.changes
    assert change.detail["inbox"] == id
    form = FORMS.make_form(change, KEY)
    assert form is not None
    assert form.get("OptOutType") == opt_out


async def test_a_message_of_the_pool_names_it(assembled: AssembledService) -> None:
    """And one of a number does not."""
    await sent(assembled)
    await try_next(assembled)
    change = await last_change(assembled, 1)
    pooled, other = FORMS.make_form(change, KEY, is_pooled=True), FORMS.make_form(change, KEY)
    assert pooled is not None
    assert other is not None
    assert (pooled["MessagingServiceSid"], "MessagingServiceSid" in other) == (f"MG{ACCOUNT[2:]}", False)
