"""Parts of a text: the messages to submit for it, cut by us, or by the SMSC (5.2.12, 5.3.2.22 to 5.3.2.24, 5.3.2.32)."""

from __future__ import annotations

from enum import StrEnum

from modemd.errors import EncodeError
from modemd.light_dataclass import dataclass
from modemd.pdu import Alphabet, Concatenation
from modemd.pdu.fields.header import encode_header
from modemd.pdu.text.alphabet import DEFAULT
from modemd.pdu.text.segmentation import EncodedText, cut_payloads
from modemd.smpp.texts import UDHI, DefaultAlphabet, can_encode, convert_septets, make_data_coding
from modemd.smpp.tlvs import Tag, Tlv, Tlvs, make_integer_tlv


class LongTextMethod(StrEnum):
    """Way in which a route takes a text of several parts.

    UDH: user data headers of ours in short_message. SAR: TLVs sar_*, from which the SMSC makes headers. PAYLOAD: the whole text
    in the TLV message_payload; the SMSC cuts it, so nobody knows the number of parts.
    """

    UDH = "udh"
    SAR = "sar"
    PAYLOAD = "payload"


# 8 bits: a header of 6 octets, so 153 septets or 134 octets beside it. The SMSC makes a header from sar_msg_ref_num, which has 16
# bits, so one of 7 octets must fit: 152 septets, or 132 octets.
_REFERENCE_WIDTHS = {LongTextMethod.UDH: 8, LongTextMethod.SAR: 16, LongTextMethod.PAYLOAD: 8}


@dataclass(frozen=True, slots=True)
class SubmitPart:
    """Fields of one submit_sm that a part of a text decides. `esm_class` has the bit UDHI or is 0; a mode is added to it."""

    short_message: bytes
    esm_class: int
    data_coding: int
    tlvs: Tlvs = ()


def make_parts(
    text: str,
    alphabet: DefaultAlphabet = DefaultAlphabet.GSM7,
    method: LongTextMethod = LongTextMethod.UDH,
    *,
    reference: int = 0,
    message_class: int | None = None,
) -> list[SubmitPart]:
    """Returns what to submit for a text, in order. `reference`: 0 to 255, for SAR to 65535, the same in all parts.

    A text with a character that is not in the route's default alphabet goes as UCS2. No cut is inside an escape pair, a
    surrogate pair, or, unless that would take one more part, a combined character. EncodeError if a text needs more than 255
    parts, or cannot be encoded.
    """
    body = _encode(text, alphabet, _REFERENCE_WIDTHS[method])
    data_coding = make_data_coding(body.alphabet, message_class)
    if body.one_part:
        return [SubmitPart(_convert(body, body.payload, alphabet), 0, data_coding)]
    if method is LongTextMethod.PAYLOAD:
        return [SubmitPart(b"", 0, data_coding, (Tlv(Tag.MESSAGE_PAYLOAD, _convert(body, body.payload, alphabet)),))]
    payloads = cut_payloads(text, body)
    places = [
        Concatenation(reference, len(payloads), sequence, body.reference_width)
        for sequence in range(1, len(payloads) + 1)
    ]
    if method is LongTextMethod.SAR:
        return [
            SubmitPart(_convert(body, payload, alphabet), 0, data_coding, _make_sar(place))
            for payload, place in zip(payloads, places, strict=True)
        ]
    headers = [encode_header((place,)) for place in places]
    return [
        SubmitPart(header + _convert(body, payload, alphabet, len(header)), UDHI, data_coding)
        for header, payload in zip(headers, payloads, strict=True)
    ]


def _encode(text: str, alphabet: DefaultAlphabet, reference_width: int) -> EncodedText:
    if can_encode(text, alphabet):
        return EncodedText(Alphabet.GSM7, DEFAULT.encode(text), reference_width)
    try:
        return EncodedText(Alphabet.UCS2, text.encode("utf-16-be"), reference_width)
    except UnicodeEncodeError as error:
        raise EncodeError("short_message", f"half a surrogate pair at character {error.start}") from None


def _convert(body: EncodedText, payload: bytes, alphabet: DefaultAlphabet, header_octets: int = 0) -> bytes:
    return payload if body.alphabet is Alphabet.UCS2 else convert_septets(payload, alphabet, header_octets)


def _make_sar(place: Concatenation) -> Tlvs:
    return (
        make_integer_tlv(Tag.SAR_MSG_REF_NUM, place.reference),
        make_integer_tlv(Tag.SAR_TOTAL_SEGMENTS, place.total),
        make_integer_tlv(Tag.SAR_SEGMENT_SEQNUM, place.sequence),
    )
