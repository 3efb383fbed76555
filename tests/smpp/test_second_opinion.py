"""Two codecs that we did not write read what ours writes, and ours reads what they write.

smpplib in what it gets right: it takes PDUs that are cut as whole. smpp34 has classes for submit_sm and deliver_sm only.
"""

from __future__ import annotations

from typing import Any

import pytest

from modemd.smpp.fields import IntegerField, ShortMessageField
from modemd.smpp.message_operations import DataSm, DeliverSm, QuerySm, QuerySmResp, SubmitSm, SubmitSmResp
from modemd.smpp.operation import Operation
from modemd.smpp.parts import make_parts
from modemd.smpp.pdus import Pdu, decode_pdu, make_pdu
from modemd.smpp.session_operations import (
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    EnquireLink,
    EnquireLinkResp,
    Unbind,
    UnbindResp,
)
from modemd.smpp.statuses import CommandStatus
from modemd.smpp.tlvs import Tag, Tlv, make_integer_tlv
from tests.smpp.samples import BODIES, PDUS, RECEIPT, SUBMIT, name_pdu

smpplib_smpp = pytest.importorskip("smpplib.smpp")
smpplib_consts = pytest.importorskip("smpplib.consts")
smpp34 = pytest.importorskip("smpp34")


class Sequences:
    """Source of sequence numbers, which smpplib wants with each PDU."""

    sequence = 0

    def next_sequence(self) -> int:
        self.sequence += 1
        return self.sequence


# smpplib has no outbind.
KNOWN_TO_SMPPLIB = [pdu for pdu in PDUS if name_pdu(pdu) != "Outbind"]
TLVS = {
    "user_message_reference": (Tag.USER_MESSAGE_REFERENCE, 0x1234),
    "sar_msg_ref_num": (Tag.SAR_MSG_REF_NUM, 7),
    "sar_total_segments": (Tag.SAR_TOTAL_SEGMENTS, 3),
    "sar_segment_seqnum": (Tag.SAR_SEGMENT_SEQNUM, 2),
    "message_state": (Tag.MESSAGE_STATE, 5),
}


def as_text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else "" if value is None else str(value)


def assert_same_fields(body: Operation, theirs: Any) -> None:
    """Compares every mandatory field with what the other codec has under the same name."""
    for field in body.LAYOUT:
        ours, other = getattr(body, field.name), getattr(theirs, field.name)
        if isinstance(field, ShortMessageField):
            assert bytes(other or b"") == ours
        elif isinstance(field, IntegerField):
            assert int(other or 0) == ours, field.name
        else:
            assert as_text(other) == ours, field.name


@pytest.mark.parametrize("pdu", KNOWN_TO_SMPPLIB, ids=name_pdu)
def test_smpplib_reads_our_pdus(pdu: Pdu) -> None:
    """Command, status, sequence, and each field."""
    theirs = smpplib_smpp.parse_pdu(without_own_tlvs(pdu).encode(), client=Sequences(), allow_unknown_opt_params=True)
    assert theirs.sequence == pdu.sequence
    assert theirs.status == pdu.status
    assert theirs.command.replace("_", "") == name_pdu(pdu).lower().replace("_", "")
    assert pdu.body is not None
    assert_same_fields(pdu.body, theirs)


def without_own_tlvs(pdu: Pdu) -> Pdu:
    """The PDU without a vendor's TLV, which smpplib may not know."""
    assert pdu.body is not None
    known = tuple(tlv for tlv in pdu.body.tlvs if tlv.tag < 0x1400)
    values = {field.name: getattr(pdu.body, field.name) for field in pdu.body.LAYOUT}
    body = type(pdu.body)(tlvs=known, **values)  # type: ignore[call-arg]  # the fields of its layout
    return make_pdu(body, pdu.sequence, pdu.status)


@pytest.mark.parametrize(("name", "tag", "value"), [(name, *each) for name, each in TLVS.items()])
def test_smpplib_reads_our_tlvs(name: str, tag: Tag, value: int) -> None:
    """Numbers in their sizes."""
    pdu = make_pdu(DeliverSm("1", "2", tlvs=(make_integer_tlv(tag, value),)), 1)
    theirs = smpplib_smpp.parse_pdu(pdu.encode(), client=Sequences(), allow_unknown_opt_params=True)
    assert getattr(theirs, name) == value


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BindTransceiver("modemd", "secret08", "SMS", 0x34, 1, 1, "447.*"), id="bind_transceiver"),
        pytest.param(BindTransmitter("modemd", "secret08", "SMS", 0x34, 1, 1, "447.*"), id="bind_transmitter"),
        pytest.param(BindReceiver("modemd", "secret08", "SMS", 0x34, 1, 1, "447.*"), id="bind_receiver"),
        pytest.param(BindTransceiverResp("smsc"), id="bind_transceiver_resp"),
        pytest.param(Unbind(), id="unbind"),
        pytest.param(UnbindResp(), id="unbind_resp"),
        pytest.param(EnquireLink(), id="enquire_link"),
        pytest.param(EnquireLinkResp(), id="enquire_link_resp"),
        pytest.param(
            SubmitSm("MyBank", "447700900123", b"Hello", 5, 0, 1, 1, "CMT", registered_delivery=1), id="submit_sm"
        ),
        pytest.param(SubmitSmResp("1a2b"), id="submit_sm_resp"),
        pytest.param(
            DeliverSm("447700900123", "12345", b"\0\1\2", 1, 1, 3, 0, esm_class=4, data_coding=8), id="deliver_sm"
        ),
        pytest.param(QuerySm("1a2b", "12345", 3, 0), id="query_sm"),
        pytest.param(QuerySmResp("1a2b", "", 1, 0), id="query_sm_resp"),
    ],
)
def test_we_read_smpplibs_pdus(body: Operation) -> None:
    """The same octets to the letter."""
    values = {field.name: getattr(body, field.name) for field in body.LAYOUT}
    theirs = smpplib_smpp.make_pdu(body.COMMAND.name.lower(), client=Sequences(), **values)
    theirs.sequence = 7
    octets = theirs.generate()
    assert decode_pdu(octets) == make_pdu(body, 7)
    assert make_pdu(body, 7).encode() == octets


def test_smpplib_reads_our_long_texts() -> None:
    """Header bit, header and payload of each part."""
    text = "Cost €5 " * 60
    parts = make_parts(text, reference=0x42)
    seen = b""
    for number, part in enumerate(parts, start=1):
        body = SubmitSm("1", "2", part.short_message, esm_class=part.esm_class, data_coding=part.data_coding)
        theirs = smpplib_smpp.parse_pdu(make_pdu(body, 1).encode(), client=Sequences())
        assert theirs.esm_class & smpplib_consts.SMPP_GSMFEAT_UDHI
        assert theirs.short_message[:6] == bytes((5, 0, 3, 0x42, len(parts), number))
        seen += theirs.short_message[6:]
    assert seen == b"Cost \x1be5 " * 60


def test_the_codes_of_statuses_are_those_of_smpplib() -> None:
    """Each of ours that has a name there has the same number."""
    theirs = {value for name, value in vars(smpplib_consts).items() if name.startswith("SMPP_ESME_R")}
    ours = {int(status) for status in CommandStatus if status < 0x100}
    assert len(ours & theirs) > 40
    assert ours - theirs == set()


# smpp34.


@pytest.mark.parametrize("body", [SUBMIT, RECEIPT], ids=["submit_sm", "deliver_sm"])
def test_smpp34_reads_and_writes_the_same_octets(body: SubmitSm | DeliverSm) -> None:
    """With all fields and TLVs, in both directions."""
    octets = make_pdu(body, 7).encode()
    theirs = smpp34.decode(octets)
    assert theirs.sequence_number == 7
    assert_same_fields(body, theirs)
    assert [Tlv(each.tag, each.value) for each in theirs.tlvs] == list(body.tlvs)
    assert theirs.encode() == octets
    names = [field.name for field in body.LAYOUT]
    made = type(theirs)(
        **{name: getattr(body, name) for name in names},
        tlvs=[smpp34.Tlv(each.tag, each.value) for each in body.tlvs],
        sequence_number=7,
    )
    assert decode_pdu(made.encode()) == make_pdu(body, 7)


@pytest.mark.parametrize("pdu", [pdu for pdu in PDUS if pdu.body not in (SUBMIT, RECEIPT)], ids=name_pdu)
def test_smpp34_reads_our_headers(pdu: Pdu) -> None:
    """Of the operations for which it has no class."""
    raw = smpp34.decode(pdu.encode())
    assert (raw.command_id, raw.command_status, raw.sequence_number) == (pdu.command_id, pdu.status, pdu.sequence)
    assert pdu.body is not None
    assert raw.body == pdu.body.encode()


@pytest.mark.parametrize("body", [SUBMIT, RECEIPT], ids=["submit_sm", "deliver_sm"])
def test_smpp34_refuses_the_same_cuts(body: SubmitSm | DeliverSm) -> None:
    """Up to the TLVs. A TLV that is cut it leaves out, and we do not."""
    octets = make_pdu(body, 7).encode()
    for end in range(16, len(octets) - sum(4 + len(tlv.value) for tlv in body.tlvs) + 1):
        cut = end.to_bytes(4) + octets[4:end]
        assert can_read(decode_pdu, cut) == can_read(smpp34.decode, cut), end


def can_read(decode: Any, octets: bytes) -> bool:
    try:
        decode(octets)
    except Exception:
        return False
    return True


def test_the_tags_are_those_of_smpp34() -> None:
    """Each that it names."""
    theirs = {name.removeprefix("TLV_"): getattr(smpp34, name) for name in dir(smpp34) if name.startswith("TLV_")}
    ours = {tag.name: int(tag) for tag in Tag if tag is not Tag.CONGESTION_STATE}
    assert {name: theirs[name] for name in ours} == ours


def test_no_body_is_left_out() -> None:
    """The samples have one of each."""
    assert {type(body) for body in BODIES} >= {DataSm, SubmitSm, DeliverSm}
