"""Composition of messages from texts and data: one SUBMIT, or one DELIVER, for each part."""

from __future__ import annotations

from collections.abc import Collection

from modemd.pdu.fields.address import Address
from modemd.pdu.fields.header import Element
from modemd.pdu.fields.timestamp import Timestamp
from modemd.pdu.fields.validity import Validity
from modemd.pdu.messages.deliver import Deliver, make_deliver
from modemd.pdu.messages.submit import Submit, make_submit
from modemd.pdu.text.coding import Alphabet, dcs_of
from modemd.pdu.text.segmentation import EncodedText, Shift, add_headers, encode_text, make_user_data_parts


def compose(
    to: Address | str,
    text: str,
    *,
    reference: int = 0,
    reference_width: int = 8,
    validity: Validity | None = None,
    report_requested: bool = False,
    message_class: int | None = None,
    national: bool | Collection[Shift] = False,
    header: tuple[Element, ...] = (),
    message_reference: int = 0,
    protocol_id: int = 0,
    reject_duplicates: bool = False,
    reply_path: bool = False,
) -> list[Submit]:
    """Returns the parts of a text, in order.

    `reference` is the concatenation reference, of `reference_width` bits; `message_reference` is TP-MR, the same in every part.
    `header`: further elements of every part. The rest is as in :func:`modemd.pdu.plan` and :class:`modemd.pdu.Submit`.
    EncodeError if the text or a field cannot be encoded.
    """
    destination = Address.parse(to) if isinstance(to, str) else to
    body = encode_text(text, reference_width, header, national)
    dcs = dcs_of(body.alphabet, message_class)
    return [
        make_submit(
            destination,
            data,
            dcs,
            message_reference,
            protocol_id,
            validity,
            report_requested,
            reject_duplicates,
            reply_path,
        )
        for data in make_user_data_parts(text, body, reference)
    ]


def compose_data(
    to: Address | str,
    octets: bytes,
    *,
    reference: int = 0,
    reference_width: int = 8,
    validity: Validity | None = None,
    report_requested: bool = False,
    message_class: int | None = None,
    header: tuple[Element, ...] = (),
) -> list[Submit]:
    """Returns the parts of 8-bit data, in order; ports go into `header`. The rest is as in :func:`compose`."""
    destination = Address.parse(to) if isinstance(to, str) else to
    body = EncodedText(Alphabet.DATA8, octets, reference_width, header)
    dcs = dcs_of(Alphabet.DATA8, message_class)
    return [
        make_submit(destination, data, dcs, validity=validity, report_requested=report_requested)
        for data in add_headers(body, body.cut_payloads(), reference)
    ]


def compose_deliver(
    originator: Address | str,
    text: str,
    timestamp: Timestamp,
    *,
    reference: int = 0,
    reference_width: int = 8,
    message_class: int | None = None,
    national: bool | Collection[Shift] = False,
    header: tuple[Element, ...] = (),
    protocol_id: int = 0,
) -> list[Deliver]:
    """Returns a text as the service centre delivers it to a phone. All but the last part say that more is waiting (TP-MMS)."""
    sender = Address.parse(originator) if isinstance(originator, str) else originator
    body = encode_text(text, reference_width, header, national)
    dcs = dcs_of(body.alphabet, message_class)
    parts = make_user_data_parts(text, body, reference)
    return [
        make_deliver(sender, data, timestamp, dcs, protocol_id, more_to_send=number < len(parts))
        for number, data in enumerate(parts, start=1)
    ]
