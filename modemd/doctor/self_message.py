"""Message of a SIM to itself, which proves that sending and receiving work: through the daemon if one runs, else directly."""

from __future__ import annotations

import asyncio
from typing import Any

from modemd import pdu
from modemd.at import replies
from modemd.doctor.advice import Finding
from modemd.doctor.codes import Code
from modemd.doctor.daemon_side import CallApi, Row
from modemd.errors import DecodeError, EncodeError, ModemError
from modemd.modem.link.dialogue import Dialogue
from modemd.modem.status import Identity
from modemd.rules.states import FINAL_MESSAGES, MessageState

SENT_WITHIN_S = 90.0
ARRIVAL_TIMEOUT_S = 60.0
POLL_INTERVAL_S = 2.0
_SENT_STATES = {MessageState.SENT, MessageState.DELIVERED}
_FAILED_STATES = {*FINAL_MESSAGES, MessageState.UNKNOWN} - _SENT_STATES
_ACCEPTED_STATUSES = (200, 202)


async def send_through_daemon(ask: CallApi, row: Row, text: str) -> list[Finding]:
    """Submits a message to the modem's own number, waits until it is sent, and looks for it in the inbox.

    Any SIM of the daemon may send it.
    """
    name, number = row["name"], row["number"]
    if number is None:
        return [Finding.of(Code.SELF_NO_NUMBER, name, iccid=row["sim"])]

    def failed(reason: object) -> list[Finding]:
        return [Finding.of(Code.SELF_NOT_SENT, name, number=number, reason=reason)]

    try:
        code, message = await ask("POST", "/v1/messages", {"to": number, "text": text, "report": False})
        if code not in _ACCEPTED_STATUSES:
            return failed(message.get("detail") or message.get("reason") or f"status {code}")
        started = asyncio.get_running_loop().time()
        for _ in range(int(SENT_WITHIN_S / POLL_INTERVAL_S)):
            _, story = await ask("GET", f"/v1/messages/{message['id']}", None)
            if story["state"] in _SENT_STATES or story["state"] in _FAILED_STATES:
                break
            await asyncio.sleep(POLL_INTERVAL_S)
        if story["state"] not in _SENT_STATES:
            outcome = f"message {message['id']} is {story['state']}"
            return failed(f"{outcome} ({story['reason']})" if story["reason"] else outcome)
        sent = Finding.of(Code.SELF_SENT, name, number=number)
        for _ in range(int(ARRIVAL_TIMEOUT_S / POLL_INTERVAL_S)):
            _, received = await ask("GET", "/v1/inbox", None)
            if any(each["text"] == text for each in received):
                return [sent, _arrived(name, started)]
            await asyncio.sleep(POLL_INTERVAL_S)
    except (OSError, TimeoutError, ValueError) as error:
        return failed(f"the daemon no longer answers: {error}")
    return [sent, _not_arrived(name, number)]


async def send_directly(
    dialogue: Dialogue, identity: Identity, number: str | None, subject: str, text: str
) -> list[Finding]:
    """Sends the message over the open port of a modem that is set up, and deletes it from the storage on arrival."""
    if number is None:
        return [Finding.of(Code.SELF_NO_NUMBER, subject, iccid=identity.iccid)]
    try:
        refused = await _send(dialogue, identity, number, text)
    except (ModemError, EncodeError) as error:
        refused = str(error)
    if refused is not None:
        return [Finding.of(Code.SELF_NOT_SENT, subject, number=number, reason=refused)]
    sent = Finding.of(Code.SELF_SENT, subject, number=number)
    started = asyncio.get_running_loop().time()
    try:
        while asyncio.get_running_loop().time() - started < ARRIVAL_TIMEOUT_S:
            if any(notice.pdu is not None and _text(notice.pdu) == text for notice in dialogue.take_notices("+CMT:")):
                await dialogue.ask("+CNMA")
                return [sent, _arrived(subject, started)]
            if (slot := await _find_message(dialogue, text)) is not None:
                await dialogue.ask(f"+CMGD={slot}")
                return [sent, _arrived(subject, started)]
            await dialogue.pause(POLL_INTERVAL_S)
    except ModemError as error:
        return [sent, Finding.of(Code.MODEM_REFUSES, subject, reason=error)]
    return [sent, _not_arrived(subject, number)]


async def _send(dialogue: Dialogue, identity: Identity, number: str, text: str) -> str | None:
    """Sends the message, and returns why it was refused; None if the network accepted it. ModemError, EncodeError."""
    (submit,) = pdu.compose(number, text)
    tpdu, profile = submit.encode(), identity.profile
    await dialogue.run_command("+CMGF=0")  # another program may have left text mode, in which the length is a number
    reply = await dialogue.request_prompt(f"+CMGS={len(tpdu)}", timeout_s=profile.prompt_timeout_s)
    if reply is None:
        reply = await dialogue.send_pdu(
            f"00{tpdu.hex().upper()}", timeout_s=profile.send_timeout_s, needs_reference=profile.gives_reference
        )
    return None if reply.ok else reply.result.line


async def _find_message(dialogue: Dialogue, text: str) -> int | None:
    """Returns the storage index of the message with this text; None if it has not arrived."""
    reply = await dialogue.ask("+CMGL=4")
    for stored in replies.parse_listing(reply.lines) if reply.ok else ():
        if _text(stored.pdu) == text:
            return stored.index
    return None


def _text(octets: str) -> Any:
    try:
        _, tpdu = pdu.unframe(bytes.fromhex(octets))
        return getattr(pdu.decode_incoming(tpdu), "text", None)
    except (DecodeError, ValueError):
        return None


def _arrived(subject: str, started: float) -> Finding:
    return Finding.of(Code.SELF_ARRIVED, subject, seconds=round(asyncio.get_running_loop().time() - started))


def _not_arrived(subject: str, number: str) -> Finding:
    return Finding.of(Code.SELF_NOT_ARRIVED, subject, seconds=round(ARRIVAL_TIMEOUT_S), number=number)
