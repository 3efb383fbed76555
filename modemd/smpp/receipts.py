"""Delivery receipts: TLVs, and the text by convention (5.2.12, 5.2.28, 5.3.2.12, 5.3.2.35, appendix B)."""

from __future__ import annotations

import re
from datetime import datetime
from enum import IntEnum

from modemd.light_dataclass import dataclass
from modemd.smpp.message_operations import DataSm, DeliverSm
from modemd.smpp.texts import UDHI, DataCoding, DefaultAlphabet, decode_text, read_octets
from modemd.smpp.tlvs import Tag, find_integer, find_string, find_tlv

MESSAGE_TYPE_MASK = 0x3C
"""Bits of esm_class with the type of an inbound message (5.2.12)."""


class MessageType(IntEnum):
    """Types of an inbound message, as esm_class has them under MESSAGE_TYPE_MASK (5.2.12)."""

    DEFAULT = 0x00
    RECEIPT = 0x04
    DELIVERY_ACKNOWLEDGEMENT = 0x08
    USER_ACKNOWLEDGEMENT = 0x10
    CONVERSATION_ABORT = 0x18
    INTERMEDIATE = 0x20


class SmscState(IntEnum):
    """States of a message at the SMSC, as message_state has them (5.2.28; SCHEDULED and SKIPPED: SMPP 5.0 4.7.15)."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9

    @property
    def is_final(self) -> bool:
        """True if no other state follows. ACCEPTED and UNKNOWN are not final, whatever the name says."""
        return self in _FINAL


_FINAL = frozenset(
    {
        SmscState.DELIVERED,
        SmscState.EXPIRED,
        SmscState.DELETED,
        SmscState.UNDELIVERABLE,
        SmscState.REJECTED,
        SmscState.SKIPPED,
    }
)

# Appendix B has the words of seven letters; the longer ones are what SMSCs send all the same.
_WORDS = {
    "SCHEDULED": SmscState.SCHEDULED,
    "ENROUTE": SmscState.ENROUTE,
    "DELIVRD": SmscState.DELIVERED,
    "DELIVERED": SmscState.DELIVERED,
    "EXPIRED": SmscState.EXPIRED,
    "DELETED": SmscState.DELETED,
    "UNDELIV": SmscState.UNDELIVERABLE,
    "UNDELIVERED": SmscState.UNDELIVERABLE,
    "UNDELIVERABLE": SmscState.UNDELIVERABLE,
    "ACCEPTD": SmscState.ACCEPTED,
    "ACCEPTED": SmscState.ACCEPTED,
    "UNKNOWN": SmscState.UNKNOWN,
    "REJECTD": SmscState.REJECTED,
    "REJECTED": SmscState.REJECTED,
    "SKIPPED": SmscState.SKIPPED,
}
_KEY = re.compile(r"(?<![^\s,;])(id|sub|dlvrd|submit[ _]?date|done[ _]?date|stat|err|text)[ ]?:", re.IGNORECASE)
# The year has two digits; some write four. Of twelve digits, those with seconds are the more frequent.
_DATE_FORMATS = {10: ("%y%m%d%H%M",), 12: ("%y%m%d%H%M%S", "%Y%m%d%H%M"), 14: ("%Y%m%d%H%M%S",)}


@dataclass(frozen=True, slots=True)
class NetworkError:
    """Network error code (5.3.2.31). `network`: 1 ANSI-136, 2 IS-95, 3 GSM, 4 reserved; else the provider's own."""

    network: int
    code: int


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """Receipt. A field that it does not have is None.

    `message_id`: as the SMSC wrote it; :mod:`modemd.smpp.message_ids` finds its attempt. `reference`: user_message_reference of
    the submit_sm. `word`: `stat` as it came, for the log. `error`: `err` as it came. Dates have no zone: it is that of the
    SMSC. `text`: the first characters of the message. `is_certain` False: esm_class says that this is a message, and only
    its text looks like a receipt, which a person can write, too: believe it only if id and number fit an attempt.
    """

    message_id: str | None
    state: SmscState
    is_final: bool
    is_certain: bool
    word: str | None = None
    error: str | None = None
    network_error: NetworkError | None = None
    reference: int | None = None
    submitted_at: datetime | None = None
    done_at: datetime | None = None
    submitted_parts: int | None = None
    delivered_parts: int | None = None
    text: str | None = None


def read_message_type(esm_class: int) -> int:
    """Returns the type of an inbound message, a MessageType or a reserved value."""
    return esm_class & MESSAGE_TYPE_MASK


def read_receipt(body: DeliverSm | DataSm, default: DefaultAlphabet = DefaultAlphabet.GSM7) -> DeliveryReceipt | None:
    """Returns the receipt that a PDU has; None if it is a message. `default`: the route's alphabet for data_coding 0.

    A receipt is a PDU of type RECEIPT or INTERMEDIATE, or one of type DEFAULT with the TLV receipted_message_id, or
    whose text has `id:` and a known `stat:`. Where TLVs and text differ, the TLVs count. Never fails: a receipt that says nothing
    has no id and the state UNKNOWN.
    """
    kind = read_message_type(body.esm_class)
    if kind not in (MessageType.RECEIPT, MessageType.INTERMEDIATE, MessageType.DEFAULT):
        return None
    found = _find_values(_decode(body))
    word = found.get("stat")
    receipted = find_string(body.tlvs, Tag.RECEIPTED_MESSAGE_ID)
    if kind == MessageType.DEFAULT and receipted is None and not (found.get("id") and _read_word(word) is not None):
        return None
    state = _read_state(find_integer(body.tlvs, Tag.MESSAGE_STATE))
    if state is None:
        state = _read_word(word)
    if state is None:
        state = SmscState.UNKNOWN
    text = found.get("text")
    return DeliveryReceipt(
        message_id=receipted or found.get("id") or None,
        state=state,
        is_final=state.is_final and kind != MessageType.INTERMEDIATE,
        is_certain=kind != MessageType.DEFAULT or receipted is not None,
        word=word,
        error=found.get("err"),
        network_error=_read_network_error(find_tlv(body.tlvs, Tag.NETWORK_ERROR_CODE)),
        reference=find_integer(body.tlvs, Tag.USER_MESSAGE_REFERENCE),
        submitted_at=read_receipt_date(found.get("submitdate", "")),
        done_at=read_receipt_date(found.get("donedate", "")),
        submitted_parts=_read_number(found.get("sub")),
        delivered_parts=_read_number(found.get("dlvrd")),
        text=text if text is None or body.data_coding == DataCoding.UCS2 else _decode_in(text, default),
    )


def read_receipt_date(text: str) -> datetime | None:
    """Returns a date of a receipt without a zone: YYMMDDhhmm, with seconds or not, or with four digits of the year."""
    if not (text.isascii() and text.isdigit()):
        return None
    for form in _DATE_FORMATS.get(len(text), ()):
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _decode(body: DeliverSm | DataSm) -> str:
    """Returns the text, one character for each octet: an id may have `_` or `@`, and those are ASCII whatever the alphabet is."""
    octets = read_octets(body)
    if body.esm_class & UDHI and octets:
        octets = octets[1 + octets[0] :]
    if body.data_coding == DataCoding.UCS2:
        return decode_text(octets, DataCoding.UCS2, DefaultAlphabet.LATIN1) or ""
    return octets.decode("latin-1")


def _decode_in(text: str, default: DefaultAlphabet) -> str:
    alphabet = DefaultAlphabet.LATIN1 if default is DefaultAlphabet.GSM7_PACKED else default
    return decode_text(text.encode("latin-1"), DataCoding.DEFAULT, alphabet) or ""


def _find_values(text: str) -> dict[str, str]:
    """Returns the values by their keys, small and without blanks. The first of each key counts.

    `text:` is of the message, so a person chooses what follows it: once id and stat are known, all of the rest belongs to it.
    """
    found: dict[str, str] = {}
    keys = list(_KEY.finditer(text))
    for index, key in enumerate(keys):
        name = re.sub("[ _]", "", key[1].lower())
        end = keys[index + 1].start() if index + 1 < len(keys) else len(text)
        is_end = name == "text" and {"id", "stat"} <= found.keys()
        value = text[key.end() : len(text) if is_end else end]
        # An `@` of the message is NUL in the alphabet of GSM.
        value = value.strip(" \r\n") if name == "text" else value.strip(" ,;\r\n\t\0")
        if name not in found:
            found[name] = value
        if is_end:
            break
    return found


def _read_word(word: str | None) -> SmscState | None:
    return None if word is None else _WORDS.get(word.upper())


def _read_state(value: int | None) -> SmscState | None:
    return SmscState(value) if value is not None and 0 <= value <= max(SmscState) else None


def _read_network_error(value: bytes | None) -> NetworkError | None:
    return NetworkError(value[0], int.from_bytes(value[1:])) if value is not None and len(value) == 3 else None


def _read_number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 4 else None
