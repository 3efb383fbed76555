from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise

import pytest

from modemd.errors import EncodeError
from modemd.smpp.fields import FieldError, StringField
from modemd.smpp.message_operations import DataSm, QuerySmResp, SubmitSmResp
from modemd.smpp.operation import CommandId
from modemd.smpp.pdus import (
    HEADER_OCTETS,
    LONGEST_PDU,
    OPERATIONS,
    Pdu,
    PduError,
    PduStream,
    StreamError,
    UnknownOperation,
    decode_pdu,
    make_error_response,
    make_pdu,
)
from modemd.smpp.session_operations import BindTransceiver, EnquireLink, GenericNack
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.tlvs import Tag, Tlv
from tests.smpp.samples import PDUS, SUBMIT, name_pdu

ALL = b"".join(pdu.encode() for pdu in PDUS)


def read(stream: PduStream) -> list[Pdu]:
    """All whole frames of a stream, decoded."""
    found = []
    while (frame := stream.take_frame()) is not None:
        found.append(decode_pdu(frame))
    return found


def test_a_read_may_have_all_pdus() -> None:
    """One read, 21 PDUs."""
    stream = PduStream()
    stream.add(ALL)
    assert tuple(read(stream)) == PDUS
    assert len(stream) == 0


def test_a_read_may_end_anywhere() -> None:
    """Cut at each place, and octet by octet, the same PDUs come."""
    for cut in range(len(ALL) + 1):
        stream = PduStream()
        stream.add(ALL[:cut])
        found = read(stream)
        stream.add(ALL[cut:])
        assert (*found, *read(stream)) == PDUS
    stream, found = PduStream(), []
    for octet in ALL:
        stream.add(bytes((octet,)))
        found += read(stream)
    assert tuple(found) == PDUS


def test_a_read_may_be_of_any_size() -> None:
    """Random cuts, many at a time."""
    chance = random.Random(1)
    for _ in range(200):
        cuts = [0, *sorted(chance.randrange(len(ALL)) for _ in range(20)), len(ALL)]
        stream, found = PduStream(), []
        for start, end in pairwise(cuts):
            stream.add(ALL[start:end])
            found += read(stream)
        assert tuple(found) == PDUS


@pytest.mark.parametrize("length", [0, 1, 4, 15, LONGEST_PDU + 1, 0x7FFFFFFF, 0xFFFFFFFF])
def test_an_impossible_length_ends_the_stream(length: int) -> None:
    """The next PDU cannot be found; the four octets of the length are enough to know."""
    stream = PduStream()
    stream.add(make_pdu(EnquireLink(), 1).encode() + length.to_bytes(4))
    assert stream.take_frame() == make_pdu(EnquireLink(), 1).encode()
    with pytest.raises(StreamError, match="command_length"):
        stream.take_frame()
    stream.discard()
    assert len(stream) == 0


def test_the_shortest_and_the_longest_pdu_are_possible() -> None:
    """16 octets, and 64 KiB."""
    room = LONGEST_PDU - HEADER_OCTETS - 10 - 4
    longest = make_pdu(DataSm("", "", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, bytes(room)),)), 1)
    stream = PduStream()
    stream.add(make_pdu(EnquireLink(), 1).encode() + longest.encode())
    assert [len(stream.take_frame() or b"") for _ in range(2)] == [16, LONGEST_PDU]
    with pytest.raises(EncodeError, match="65537 octets"):
        make_pdu(DataSm("", "", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, bytes(room + 1)),)), 1).encode()


def cut_frame(pdu: Pdu, end: int) -> bytes:
    """The first octets of a PDU as a whole frame of its own."""
    return end.to_bytes(4) + pdu.encode()[4:end]


@pytest.mark.parametrize("pdu", PDUS, ids=name_pdu)
def test_a_body_cut_at_any_place_is_an_error_with_its_sequence(pdu: Pdu) -> None:
    """Except between two TLVs, where it is a PDU with fewer of them."""
    octets = pdu.encode()
    assert pdu.body is not None
    ends = [len(octets)]
    for tlv in reversed(pdu.body.tlvs):
        ends.append(ends[-1] - 4 - len(tlv.value))
    for end in range(HEADER_OCTETS, len(octets)):
        if end in ends:
            body = decode_pdu(cut_frame(pdu, end)).body
            assert body is not None
            assert body.tlvs == pdu.body.tlvs[: len(ends) - 1 - ends.index(end)]
            continue
        with pytest.raises(PduError) as raised:
            decode_pdu(cut_frame(pdu, end))
        assert raised.value.sequence == pdu.sequence
        assert raised.value.command_id == pdu.command_id
        assert HEADER_OCTETS <= raised.value.octet <= end
        assert raised.value.answer in (
            CommandStatus.INVALID_COMMAND_LENGTH,
            CommandStatus.INVALID_MESSAGE_LENGTH,
            CommandStatus.INVALID_TLV_STREAM,
        )


@pytest.mark.parametrize("octets", [b"", b"\0" * 15, make_pdu(EnquireLink(), 1).encode() + b"\0"])
def test_a_frame_has_the_length_that_it_says(octets: bytes) -> None:
    """Half a header, or an octet too many, is no frame."""
    with pytest.raises(StreamError):
        decode_pdu(octets)


def test_a_header_cut_at_any_place_is_no_frame() -> None:
    """Also if its length is right."""
    for end in range(HEADER_OCTETS):
        with pytest.raises(StreamError):
            decode_pdu(cut_frame(PDUS[0], end) if end >= 4 else PDUS[0].encode()[:end])


def test_an_unknown_operation_has_its_sequence() -> None:
    """So that generic_nack can name it, and the stream goes on."""
    with pytest.raises(UnknownOperation, match="0x00000021 is unknown") as raised:
        decode_pdu(bytes.fromhex("00000012 00000021 00000000 0000002A 0000"))
    assert raised.value.sequence == 42
    assert raised.value.octet == 4
    assert raised.value.answer == CommandStatus.INVALID_COMMAND_ID
    assert not raised.value.is_response


@pytest.mark.parametrize(
    "command_id",
    [each for each in OPERATIONS if each & 0x80000000 and OPERATIONS[each].LAYOUT],
)
def test_an_answer_with_an_error_may_have_no_body(command_id: int) -> None:
    """A header alone is whole then; without an error it is not."""
    assert decode_pdu(Pdu(command_id, 3, 0x45).encode()) == Pdu(command_id, 3, 0x45)
    with pytest.raises(PduError):
        decode_pdu(Pdu(command_id, 3).encode())


def test_a_request_has_a_body_whatever_its_status_is() -> None:
    """Requests have no status."""
    with pytest.raises(PduError):
        decode_pdu(Pdu(CommandId.SUBMIT_SM, 3, 0x45).encode())


def test_an_answer_with_an_error_may_have_a_body() -> None:
    """Some SMSCs send it."""
    pdu = Pdu(CommandId.SUBMIT_SM_RESP, 3, 0x45, SubmitSmResp("x"))
    assert decode_pdu(pdu.encode()) == pdu


def test_a_sequence_above_the_range_is_read() -> None:
    """Some SMSCs count on, and the answer repeats their number."""
    assert decode_pdu(make_pdu(EnquireLink(), 0xFFFFFFFF).encode()).sequence == 0xFFFFFFFF


@pytest.mark.parametrize(
    ("command_id", "response"),
    [
        pytest.param(0x04, Pdu(0x80000004, 9, 0x58), id="submit_sm"),
        pytest.param(0x09, Pdu(0x80000009, 9, 0x58), id="bind_transceiver"),
        pytest.param(0x21, Pdu(0x80000000, 9, 0x58, GenericNack()), id="unknown"),
        pytest.param(0x03, Pdu(0x80000003, 9, 0x58, QuerySmResp("", "", 0, 0)), id="query_sm has a body always"),
    ],
)
def test_responses_with_errors(command_id: int, response: Pdu) -> None:
    """Each operation has its own; what is unknown gets generic_nack."""
    assert make_error_response(command_id, 9, 0x58) == response


@pytest.mark.parametrize("pdu", [Pdu(0x15, -1), Pdu(0x15, 1 << 32), Pdu(0x15, 1, 1 << 32)])
def test_numbers_of_the_header_have_four_octets(pdu: Pdu) -> None:
    """Others cannot be written."""
    with pytest.raises(EncodeError, match="4 octets"):
        pdu.encode()


def test_a_value_that_does_not_fit_names_its_field() -> None:
    """A short message of 255 octets, a name of 21, a TON of 256, a NUL."""
    for change, name in (
        ({"short_message": bytes(255)}, "short_message"),
        ({"source_addr": "x" * 21}, "source_addr"),
        ({"source_addr": "a\0b"}, "source_addr"),
        ({"source_addr": "€"}, "source_addr"),
        ({"source_addr_ton": 256}, "source_addr_ton"),
        ({"tlvs": (Tlv(0x10000, b""),)}, "TLV"),
    ):
        with pytest.raises(EncodeError) as raised:
            make_pdu(replace(SUBMIT, **change), 1).encode()
        assert raised.value.field == name


def test_strings_have_bounds() -> None:
    """The longest value has one octet less than the field; one octet more is an error at its place."""
    field = StringField("system_id", 4)
    assert field.read(b"abc\0rest", 0) == ("abc", 4)
    for octets, status in ((b"abcd", 0xC2), (b"abc", 0x02)):
        with pytest.raises(FieldError) as cut:
            field.read(octets, 0)
        assert cut.value.status == status
    with pytest.raises(PduError, match="no NUL within 21 octets") as raised:
        decode_pdu(make_pdu(SUBMIT, 1).encode().replace(b"MyBank\0", b"MyBank!"))
    assert raised.value.octet == HEADER_OCTETS + 4 + 2 + 21
    assert raised.value.answer == CommandStatus.INVALID_PARAMETER_LENGTH


def test_a_long_password_is_no_mistake() -> None:
    """Providers give out longer ones than the specification allows."""
    pdu = make_pdu(BindTransceiver("modemd", "p" * 64), 1)
    assert decode_pdu(pdu.encode()) == pdu


def test_a_short_message_of_255_octets_is_read() -> None:
    """SMPP 5.0 has it."""
    octets = make_pdu(SUBMIT, 1).encode()
    longer = octets.replace(b"\x05Hello", b"\xff" + bytes(255))
    body = decode_pdu(len(longer).to_bytes(4) + longer[4:]).body
    assert getattr(body, "short_message", None) == bytes(255)
