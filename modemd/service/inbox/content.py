"""Content of inbound messages: tells text from voicemail notices, MMS notices, SIM data and binary data, and puts each in
words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from modemd import pdu
from modemd.errors import DecodeError
from modemd.pdu import MmsNotification, SpecialIndication, Waiting, mms_notification
from modemd.rules.classes import Kind

# TP-PID of a message for the SIM itself: the operator changes what is on the card (3GPP TS 23.040 9.2.3.9).
SIM_DATA_DOWNLOAD = 0x7F

_WAITING_NAMES = {
    Waiting.VOICEMAIL: ("voice message", "voice messages"),
    Waiting.FAX: ("fax", "faxes"),
    Waiting.EMAIL: ("e-mail", "e-mails"),
    Waiting.OTHER: ("message", "messages"),
}


def read_content(parts: Sequence[pdu.Deliver]) -> tuple[Kind, str]:
    """Returns the kind of a message whose parts are all there, in order, and its text; if it is not written in words, a
    description of it."""
    first = parts[0]
    if first.protocol_id == SIM_DATA_DOWNLOAD:
        return "sim_data", _hex(parts)
    indication = _indication(first)
    if indication is not None:
        greeting = _joined(parts) or ""
        return "voicemail", f"{indication}: {greeting}" if greeting.strip() else indication
    try:
        notification = mms_notification(parts)
    except DecodeError:
        notification = None
    if notification is not None:
        return "mms", _describe_mms(notification)
    text = _joined(parts)
    return ("data", _hex(parts)) if text is None else ("text", text)


def read_part_content(part: pdu.Deliver) -> tuple[Kind, str]:
    """Returns kind and text of one part while the others are missing."""
    if part.concatenation is None:
        return read_content([part])
    return ("data", _hex([part])) if part.text is None else ("text", part.text)


def _joined(parts: Sequence[pdu.Deliver]) -> str | None:
    """Returns the text of all parts. None if one has no text, or they differ in their alphabet."""
    if any(part.text is None for part in parts):
        return None
    try:
        return pdu.join(list(parts))
    except DecodeError:
        return None


def _hex(parts: Sequence[pdu.Deliver]) -> str:
    return "".join(part.user_data.payload.hex().upper() for part in parts)


def _indication(part: pdu.Deliver) -> str | None:
    """Returns in words that messages wait elsewhere, or wait no more: by TP-DCS (3GPP TS 23.038 4), or by the header (TS 23.040
    9.2.3.24.2), which also has their number. None if the part says nothing of the kind."""
    counted = [element for element in part.user_data.header if isinstance(element, SpecialIndication)]
    if counted:
        return "; ".join(_describe_waiting(element.waiting, element.count) for element in counted)
    coding = part.coding
    if coding.waiting is None:
        return None
    return _describe_waiting(coding.waiting, None if coding.waiting_active else 0)


def _describe_waiting(kind: Waiting, count: int | None) -> str:
    one, several = _WAITING_NAMES[kind]
    match count:
        case None:
            return f"{several} wait"
        case 0:
            return f"no {several} wait any more"
        case 1:
            return f"1 {one} waits"
        case _:
            return f"{count} {several} wait"


def _describe_mms(found: MmsNotification) -> str:
    """Describes a picture message, which modemd does not fetch: its sender, its subject, its size, and where and how long it
    waits."""
    words = ["picture message (MMS)" + (f" from {found.sender}" if found.sender else "")]
    if found.subject:
        words.append(f'"{found.subject}"')
    if found.size is not None:
        words.append(f"{found.size} bytes")
    words.append(f"at {found.content_location}")
    if isinstance(found.expires, timedelta):
        words.append(f"for {found.expires}")
    elif found.expires is not None:
        words.append(f"until {found.expires.isoformat(timespec='seconds')}")
    return ", ".join(words)


def join_parts(tpdus: Sequence[bytes]) -> tuple[Kind, str]:
    """Returns kind and text of a whole set of parts."""
    return read_content([pdu.Deliver.decode(tpdu) for tpdu in tpdus])
