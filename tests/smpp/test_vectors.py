"""PDUs written by hand from SMPP 3.4 issue 1.2, octet by octet."""

from __future__ import annotations

import pytest

from modemd.smpp.message_operations import (
    AlertNotification,
    DataSm,
    DataSmResp,
    DeliverSm,
    DeliverSmResp,
    QuerySm,
    QuerySmResp,
    SubmitSm,
    SubmitSmResp,
)
from modemd.smpp.pdus import Pdu, decode_pdu, make_pdu
from modemd.smpp.session_operations import (
    BindReceiver,
    BindTransceiver,
    BindTransceiverResp,
    BindTransmitter,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Outbind,
    Unbind,
    UnbindResp,
)
from modemd.smpp.tlvs import Tlv

# Header: command_length, command_id, command_status, sequence_number; then the fields, one a line where they are many.
VECTORS = [
    pytest.param(
        # The example of the specification: its PDU is of version 3.3, so interface_version is 0.
        """0000002F 00000002 00000000 00000001
        53 4D 50 50 33 54 45 53 54 00  73 65 63 72 65 74 30 38 00  53 55 42 4D 49 54 31 00  00 01 01 00""",
        make_pdu(BindTransmitter("SMPP3TEST", "secret08", "SUBMIT1", 0, 1, 1), 1),
        id="bind_transmitter",
    ),
    pytest.param(
        "0000001B 00000001 00000000 00000002  6D 64 00  70 77 00  00  34 00 00  00",
        make_pdu(BindReceiver("md", "pw"), 2),
        id="bind_receiver",
    ),
    pytest.param(
        "0000001B 00000009 00000000 00000002  6D 64 00  70 77 00  00  34 00 00  00",
        make_pdu(BindTransceiver("md", "pw"), 2),
        id="bind_transceiver",
    ),
    pytest.param(
        "0000001A 80000009 00000000 00000002  53 4D 53 43 00  0210 0001 34",
        make_pdu(BindTransceiverResp("SMSC", (Tlv(0x0210, b"\x34"),)), 2),
        id="bind_transceiver_resp",
    ),
    pytest.param(
        "00000010 80000009 0000000E 00000002",
        Pdu(0x80000009, 2, 0x0E),
        id="bind_transceiver_resp with an error has no body",
    ),
    pytest.param(
        "00000016 0000000B 00000000 00000001  6D 64 00  70 77 00", make_pdu(Outbind("md", "pw"), 1), id="outbind"
    ),
    pytest.param("00000010 00000006 00000000 00000003", make_pdu(Unbind(), 3), id="unbind"),
    pytest.param("00000010 80000006 00000000 00000003", make_pdu(UnbindResp(), 3), id="unbind_resp"),
    pytest.param("00000010 00000015 00000000 7FFFFFFF", make_pdu(EnquireLink(), 0x7FFFFFFF), id="enquire_link"),
    pytest.param("00000010 80000015 00000000 00000004", make_pdu(EnquireLinkResp(), 4), id="enquire_link_resp"),
    pytest.param("00000010 80000000 00000003 00000000", make_pdu(GenericNack(), 0, 3), id="generic_nack"),
    pytest.param(
        """0000004D 00000004 00000000 00000005
        00
        05 00 4D 79 42 61 6E 6B 00
        01 01 34 34 37 37 30 30 39 30 30 31 32 33 00
        40 00 00
        00
        30 30 30 30 30 31 30 30 30 30 30 30 30 30 30 52 00
        01 00 08 00
        04 04 1F 00 41
        0204 0002 ABCD""",
        make_pdu(
            SubmitSm(
                source_addr="MyBank",
                destination_addr="447700900123",
                short_message=b"\x04\x1f\x00\x41",
                source_addr_ton=5,
                esm_class=0x40,
                validity_period="000001000000000R",
                registered_delivery=1,
                data_coding=8,
                tlvs=(Tlv(0x0204, b"\xab\xcd"),),
            ),
            5,
        ),
        id="submit_sm",
    ),
    pytest.param("00000013 80000004 00000000 00000005  41 31 00", make_pdu(SubmitSmResp("A1"), 5), id="submit_sm_resp"),
    pytest.param("00000010 80000004 00000058 00000005", Pdu(0x80000004, 5, 0x58), id="submit_sm_resp, throttled"),
    pytest.param(
        """00000032 00000005 00000000 00000006
        00
        01 01 34 34 37 37 30 30 39 00
        03 00 31 32 33 00
        04 00 00
        00 00
        00 00 00 00
        02 68 69
        0427 0001 02""",
        make_pdu(DeliverSm("4477009", "123", b"hi", 1, 1, 3, 0, esm_class=4, tlvs=(Tlv(0x0427, b"\x02"),)), 6),
        id="deliver_sm",
    ),
    pytest.param("00000011 80000005 00000000 00000006  00", make_pdu(DeliverSmResp(), 6), id="deliver_sm_resp"),
    pytest.param(
        """00000024 00000103 00000000 00000007
        00
        03 00 31 32 00
        01 01 34 34 00
        00 01 00
        0424 0002 68 69""",
        make_pdu(DataSm("12", "44", 3, 0, 1, 1, registered_delivery=1, tlvs=(Tlv(0x0424, b"hi"),)), 7),
        id="data_sm",
    ),
    pytest.param("00000012 80000103 00000000 00000007  37 00", make_pdu(DataSmResp("7"), 7), id="data_sm_resp"),
    pytest.param("00000017 00000003 00000000 00000008  37 00  03 00 31 32 00", make_pdu(QuerySm("7", "12", 3, 0), 8)),
    pytest.param(
        """00000025 80000003 00000000 00000008
        37 00  32 36 31 31 33 30 30 39 31 36 30 30 30 30 30 2B 00  02 00""",
        make_pdu(QuerySmResp("7", "261130091600000+", 2, 0), 8),
        id="query_sm_resp, final",
    ),
    pytest.param(
        "00000015 80000003 00000000 00000008  37 00  00  01 00",
        make_pdu(QuerySmResp("7", "", 1, 0), 8),
        id="query_sm_resp, en route",
    ),
    pytest.param(
        "00000020 00000102 00000000 00000009  01 01 34 34 00  03 00 31 32 33 00  0422 0001 00",
        make_pdu(AlertNotification("44", "123", 1, 1, 3, 0, (Tlv(0x0422, b"\0"),)), 9),
        id="alert_notification",
    ),
]


@pytest.mark.parametrize(("octets", "pdu"), VECTORS)
def test_the_octets_are_those_of_the_specification(octets: str, pdu: Pdu) -> None:
    """Each PDU is written and read as the clause lays it out."""
    whole = bytes.fromhex(octets)
    assert pdu.encode().hex(" ") == whole.hex(" ")
    assert decode_pdu(whole) == pdu
