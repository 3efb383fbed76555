"""Conversion between SMPP and the air: submit_sm to the DELIVERs of a phone, and DELIVERs to deliver_sm."""

from __future__ import annotations

from modemd.errors import EncodeError
from modemd.pdu import (
    Address,
    Alphabet,
    Coding,
    Concatenation,
    Deliver,
    Timestamp,
    UserData,
    compose_data,
    compose_deliver,
)
from modemd.pdu.fields.header import encode_header
from modemd.pdu.text.alphabet import DEFAULT
from modemd.smpp.addresses import Numbering, SmppAddress, decode_address, encode_address
from modemd.smpp.message_operations import DeliverSm, SubmitSm
from modemd.smpp.texts import UDHI, DataCoding, DefaultAlphabet, convert_septets, read_message
from modemd.smpp.tlvs import Tag, find_tlv

_UCS2_DCS, _DATA_DCS = 0x08, 0x04


def read_source(body: SubmitSm) -> str:
    """Returns the sender of a message: an international number, a short code, or a name."""
    return decode_address(SmppAddress(body.source_addr, Numbering(body.source_addr_ton, body.source_addr_npi)))


def read_destination(body: SubmitSm) -> str:
    """Returns the recipient of a message."""
    return decode_address(SmppAddress(body.destination_addr, Numbering(body.dest_addr_ton, body.dest_addr_npi)))


def make_delivers(
    body: SubmitSm, sender: str, stamp: Timestamp, alphabet: DefaultAlphabet, reference: int
) -> list[Deliver]:
    """Returns what a phone gets for a submit_sm. A message_payload, or a text that is too long for one part, is cut with
    `reference`. Raises EncodeError if no phone can get it."""
    content = read_message(body, alphabet)
    originator = Address.parse(sender)
    header = content.header
    if content.concatenation is not None and not any(isinstance(each, Concatenation) for each in header):
        header = (*header, content.concatenation)  # from the TLVs sar_*
    if (text := content.text) is None:
        if not header:
            submits = compose_data(originator, content.payload, reference=reference)
            return [Deliver(originator, each.user_data, stamp, dcs=each.dcs) for each in submits]
        return [Deliver(originator, UserData(content.payload, header), stamp, dcs=_DATA_DCS)]
    if header and find_tlv(body.tlvs, Tag.MESSAGE_PAYLOAD) is None:
        # The sender has cut it already. It must fit as it is.
        payload, dcs = _encode(text)
        return [Deliver(originator, UserData(payload, header), stamp, dcs=dcs)]
    return compose_deliver(originator, text, stamp, reference=reference)


def _encode(text: str) -> tuple[bytes, int]:
    septets = DEFAULT.try_encode(text)
    if septets is not None:
        return septets, 0
    try:
        return text.encode("utf-16-be"), _UCS2_DCS
    except UnicodeEncodeError:
        raise EncodeError("short_message", "half a surrogate pair") from None


def make_delivery(part: Deliver, recipient: str, alphabet: DefaultAlphabet) -> DeliverSm:
    """Returns the deliver_sm of one part of an inbound message. Raises EncodeError if the alphabet of the centre does not have
    it."""
    source, destination = encode_address(str(part.originator)), encode_address(recipient)
    header = encode_header(part.user_data.header) if part.user_data.header else b""
    coding = Coding.of(part.dcs)
    payload, data_coding = part.user_data.payload, int(DataCoding.OCTETS_4)
    if coding.alphabet is Alphabet.GSM7:
        payload, data_coding = convert_septets(payload, alphabet, len(header)), DataCoding.DEFAULT
    elif coding.alphabet is Alphabet.UCS2:
        data_coding = DataCoding.UCS2
    return DeliverSm(
        source_addr=source.value,
        source_addr_ton=source.numbering.ton,
        source_addr_npi=source.numbering.npi,
        destination_addr=destination.value,
        dest_addr_ton=destination.numbering.ton,
        dest_addr_npi=destination.numbering.npi,
        esm_class=UDHI if header else 0,
        data_coding=data_coding,
        short_message=header + payload,
    )
