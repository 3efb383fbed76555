"""What kind of message came in, and what it says in words: not everything that arrives is somebody's text."""

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
    """The kind of a message whose parts are all there, in order, and its text: the words of what is not written in words."""
    first = parts[0]
    if first.protocol_id == SIM_DATA_DOWNLOAD:
        return "sim_data", _hex(parts)
    indication = _indication(first)
    if indication is not None:
        said = _joined(parts) or ""
        return "voicemail", f"{indication}: {said}" if said.strip() else indication
    try:
        notification = mms_notification(parts)
    except DecodeError:
        notification = None
    if notification is not None:
        return "mms", _describe_mms(notification)
    text = _joined(parts)
    return ("data", _hex(parts)) if text is None else ("text", text)


def read_part_content(part: pdu.Deliver) -> tuple[Kind, str]:
    """What one part says while the others are missing."""
    if part.concatenation is None:
        return read_content([part])
    return ("data", _hex([part])) if part.text is None else ("text", part.text)


def _joined(parts: Sequence[pdu.Deliver]) -> str | None:
    """The text; None where there is none, or parts differ in their alphabet."""
    if any(part.text is None for part in parts):
        return None
    try:
        return pdu.join(list(parts))
    except DecodeError:
        return None


def _hex(parts: Sequence[pdu.Deliver]) -> str:
    return "".join(part.user_data.payload.hex().upper() for part in parts)


def _indication(part: pdu.Deliver) -> str | None:
    """That something waits elsewhere, or no more: by TP-DCS (3GPP TS 23.038 4) or in the header (TS 23.040 9.2.3.24.2), which
    knows how many."""
    counted = [one for one in part.user_data.header if isinstance(one, SpecialIndication)]
    if counted:
        return "; ".join(_describe_waiting(one.waiting, one.count) for one in counted)
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
    """A picture message that modemd does not fetch: who sent it, what it is, and where it waits."""
    told = ["picture message (MMS)" + (f" from {found.sender}" if found.sender else "")]
    if found.subject:
        told.append(f'"{found.subject}"')
    if found.size is not None:
        told.append(f"{found.size} bytes")
    told.append(f"at {found.content_location}")
    if isinstance(found.expires, timedelta):
        told.append(f"for {found.expires}")
    elif found.expires is not None:
        told.append(f"until {found.expires.isoformat(timespec='seconds')}")
    return ", ".join(told)


def join_parts(tpdus: Sequence[bytes]) -> tuple[Kind, str]:
    """Kind and text of a set."""
    return read_content([pdu.Deliver.decode(tpdu) for tpdu in tpdus])
