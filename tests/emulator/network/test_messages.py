"""What can be written to a SIM from outside: what arrives there, octet by octet where it matters."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from modemd.emulator import Data, Mms, Raw, Text, Voicemail
from modemd.emulator.network.messages import MessageContent
from modemd.errors import EncodeError
from modemd.pdu import (
    Address,
    Alphabet,
    Coding,
    Deliver,
    Ports,
    Waiting,
    decode_incoming,
    frame,
    join,
    mms_notification,
)
from tests.emulator.bench import ALICE, START, Bench

MMS_NOTIFICATION = bytes.fromhex(
    "4405812143F5000452301190618000320605040B8423F0010603BEAF848C82985431008D908A808E0201F4880581030151"
    "8083687474703A2F2F6D6D73632F783100"
)
"""From 12345, 2025-03-11 09:16:08: "T1" of 500 octets waits at http://mmsc/x1 for a day."""


def arrived(bench: Bench, content: str | MessageContent, sender: str = ALICE) -> list[Deliver]:
    """What is on the SIM after this was written to it."""
    bench.network.phone(sender).send(bench.sim.number, content)
    bench.timers.run(5.0)
    messages = [decode_incoming(stored.tpdu) for _, stored in bench.sim.memory]
    assert all(isinstance(message, Deliver) for message in messages)
    return [message for message in messages if isinstance(message, Deliver)]


@pytest.mark.parametrize(
    ("content", "dcs", "protocol_id"),
    [
        pytest.param(Text("Hi"), 0x00, 0, id="plain"),
        pytest.param(Text("Hi", message_class=0), 0x10, 0, id="flash"),
        pytest.param(Text("Да", message_class=0), 0x18, 0, id="flash in UCS2"),
        pytest.param(Text("Hi", message_class=2), 0x12, 0, id="for the SIM"),
        pytest.param(Text("Hi", silent=True), 0x00, 0x40, id="type 0"),
        pytest.param(Text("Hi", replaces=1), 0x00, 0x41, id="replaces 1"),
        pytest.param(Text("Hi", replaces=7), 0x00, 0x47, id="replaces 7"),
        pytest.param(Voicemail(3), 0xC8, 0, id="voicemail, no text"),
        pytest.param(Voicemail(0), 0xC0, 0, id="no voicemail any more"),
        pytest.param(Voicemail(3, "3 new"), 0xD8, 0, id="voicemail with text"),
        pytest.param(Voicemail(3, "3 новых"), 0xE8, 0, id="voicemail with text in UCS2"),
        pytest.param(Voicemail(0, "none"), 0xD0, 0, id="no voicemail any more, with text"),
        pytest.param(Data(b"\1\2\3"), 0x04, 0, id="data"),
        pytest.param(Data(b"\1\2\3", message_class=1), 0x15, 0, id="data for the phone"),
    ],
)
def test_what_arrives_says_what_it_is(bench: Bench, content: MessageContent, dcs: int, protocol_id: int) -> None:
    """Class, type 0, replacement, indication and data are told by TP-DCS and TP-PID."""
    (deliver,) = arrived(bench, content)
    assert (deliver.dcs, deliver.protocol_id, str(deliver.originator)) == (dcs, protocol_id, ALICE)
    if isinstance(content, Text | Voicemail):
        assert deliver.text == content.text
    else:
        assert deliver.user_data.payload == b"\1\2\3"


def test_voicemail_counts(bench: Bench) -> None:
    """The element of the header says how many wait, and the lamp's octet agrees."""
    (deliver,) = arrived(bench, Voicemail(12))
    (element,) = deliver.user_data.header
    assert element.encode() == bytes((1, 2, 0, 12))
    coding = Coding.of(deliver.dcs)
    assert (coding.waiting, coding.waiting_active, coding.store) == (Waiting.VOICEMAIL, True, False)


def test_data_of_any_length_goes_to_a_port(bench: Bench) -> None:
    """Each part names both ports; together they are the data."""
    octets = bytes(range(256)) * 2
    parts = arrived(bench, Data(octets, ports=(2948, 9200)))
    assert len(parts) == 4
    assert {part.ports for part in parts} == {Ports(2948, 9200)}
    assert [part.more_to_send for part in parts] == [True, True, True, False]
    assert b"".join(part.user_data.payload for part in parts) == octets
    assert Coding.of(parts[0].dcs).alphabet is Alphabet.DATA8


def test_an_mms_notification_is_what_a_centre_sends(bench: Bench) -> None:
    """Octet by octet the one that is known, and it says where the picture is."""
    bench.timers.run(68 - (bench.timers.now() - START).total_seconds())
    (deliver,) = arrived(bench, Mms("http://mmsc/x1"), sender="12345")
    assert deliver.encode() == MMS_NOTIFICATION
    told = mms_notification([deliver])
    assert told is not None
    assert (told.content_location, told.size, told.expires) == ("http://mmsc/x1", 500, timedelta(days=1))


@pytest.mark.parametrize("sender", ["MyBank", "36200", "Café"])
def test_names_and_short_codes_write(bench: Bench, sender: str) -> None:
    """The sender is written as what it is."""
    (deliver,) = arrived(bench, "Your code is 4821", sender)
    assert str(deliver.originator) == sender


def test_raw_octets_arrive_as_they_are(bench: Bench) -> None:
    """Nothing is put right: neither sender nor time, nor a length that is wrong."""
    tpdu = bytes.fromhex("040C91447700940065000099999999999999FFC8")
    bench.host.ask("AT+CNMI=2,2,0,0,0")
    bench.network.phone(ALICE).send(bench.sim.number, Raw(tpdu))
    smsc = frame(b"", Address.parse(bench.network.home.smsc)).hex().upper()
    assert bench.host.hear(5.0).decode() == f"\r\n+CMT: ,{len(tpdu)}\r\n{smsc}{tpdu.hex().upper()}\r\n"


def test_octets_that_are_no_message_arrive_too(bench: Bench) -> None:
    """A device hands on what it does not understand; a phone shows that there is no text."""
    bench.network.phone(ALICE).send(bench.sim.number, Raw(b"\x04\xff"))
    bench.network.phone(ALICE).send("+33612345678", Raw(b"\x04\xff"))
    bench.timers.run(5.0)
    assert [stored.tpdu for _, stored in bench.sim.memory] == [b"\x04\xff"]
    (received,) = bench.network.phone("+33612345678").inbox
    assert received.tpdus == (b"\x04\xff",)


def test_a_phone_shows_no_silent_message(bench: Bench) -> None:
    """Type 0 is taken and discarded; the next message is shown."""
    for content in (Text("nobody sees this", silent=True), Text("this one is seen")):
        bench.network.phone("+33612345678").send(ALICE, content)
    bench.timers.run(5.0)
    assert (bench.inbox(), bench.network.waiting(ALICE)) == (["this one is seen"], 0)


def test_a_long_flash_is_one_text(bench: Bench) -> None:
    """Every part has the class."""
    parts = arrived(bench, Text("a" * 400, message_class=0))
    assert (join(parts), {part.dcs for part in parts}) == ("a" * 400, {0x10})


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(Text("Hi", message_class=4), "class 4", id="class"),
        pytest.param(Text("Hi", replaces=8), "replace type 8", id="replace type"),
        pytest.param(Text("Hi", replaces=1, silent=True), "silent", id="silent and replacing"),
        pytest.param(Voicemail(256), "256 messages", id="voicemail"),
        pytest.param(Data(b"x", ports=(70000, 1)), "ports", id="ports"),
        pytest.param(Mms("http://é"), "not ASCII", id="address"),
        pytest.param(Raw(b""), "0 octets", id="nothing"),
        pytest.param(Raw(bytes(165)), "165 octets", id="too much"),
    ],
)
def test_what_cannot_be_put_on_the_air(bench: Bench, content: MessageContent, told: str) -> None:
    """EncodeError says why, and nothing arrives."""
    with pytest.raises(EncodeError, match=told):
        bench.network.phone(ALICE).send(bench.sim.number, content)
    bench.timers.run(5.0)
    assert bench.sim.memory.used == 0


@pytest.mark.parametrize("mode", [0, 1], ids=["PDU mode", "text mode"])
@pytest.mark.parametrize("seed", range(3))
def test_no_octets_upset_a_device_or_a_phone(bench: Bench, seed: int, mode: int) -> None:
    """Whatever is sent raw is routed, stored and listed in both modes."""
    random = Random(seed)
    for command in (f"AT+CMGF={mode}", "AT+CNMI=2,2,0,0,0"):
        assert bench.host.ask(command) == "OK"
    for _ in range(40):
        content = Raw(random.randbytes(random.randint(1, 60)))
        bench.network.phone("MyBank").send(bench.sim.number, content)
        bench.network.phone("MyBank").send(ALICE, content)
    routed = bench.host.hear(10.0).count(b"\r\n+CMT: ")
    assert routed + bench.sim.memory.used == 40  # class 2 is stored all the same
    assert bench.network.waiting(bench.sim.number) == bench.network.waiting(ALICE) == 0
    bench.host.ask("AT+CNMI=2,1,0,0,0")
    bench.network.phone("MyBank").send(bench.sim.number, Raw(random.randbytes(30)))
    bench.timers.run(5.0)
    assert bench.host.ask("AT+CMGF=0;+CMGL=4").endswith("OK")
    assert bench.host.ask('AT+CMGF=1;+CMGL="ALL"').endswith("OK")
