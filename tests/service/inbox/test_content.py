"""Each kind of arrival is known by what the standards say of it, and said in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modemd import pdu
from modemd.emulator.network.messages import Data, MessageContent, Mms, Text, Voicemail
from modemd.rules.classes import Kind
from modemd.service.inbox import content

SENDER = pdu.Address.parse("+447700900456")
AT = pdu.Timestamp.of(datetime(2026, 3, 11, 9, 15, 8, tzinfo=UTC))
# dialogues of WAP push: m-notification-ind T1, 500 octets, a day, http://mmsc/x1.
MMS = (
    "4405812143F5000452301190618000320605040B8423F0010603BEAF848C82985431008D908A808E0201F48805810301518083687474703A2F2F"
    "6D6D73632F783100"
)


def parts(letter: MessageContent) -> list[pdu.Deliver]:
    return letter.parts(SENDER, AT, 42)


def plain(dcs: int, text: str = "hello", protocol_id: int = 0) -> list[pdu.Deliver]:
    (one,) = pdu.compose_deliver(SENDER, text, AT, protocol_id=protocol_id)
    return [pdu.Deliver(SENDER, one.user_data, AT, dcs=dcs, protocol_id=protocol_id)]


@pytest.mark.parametrize(
    ("message", "kind", "words"),
    [
        pytest.param(parts(Text("hello")), "text", "hello", id="text"),
        pytest.param(parts(Text("long " * 60)), "text", "long " * 60, id="long text"),
        pytest.param(parts(Text("x", replaces=3)), "text", "x", id="a text that replaces one"),
        pytest.param(parts(Data(b"\x01\x02")), "data", "0102", id="data"),
        pytest.param(parts(Data(b"\x01\x02", (5505, 0))), "data", "0102", id="a ringtone's port"),
        pytest.param(parts(Data(b"\x01\x06\x01\xae", (2948, 9200))), "data", "010601AE", id="another push than MMS"),
        pytest.param(
            [pdu.Deliver.decode(bytes.fromhex(MMS))],
            "mms",
            "picture message (MMS), 500 bytes, at http://mmsc/x1, for 1 day, 0:00:00",
            id="MMS, a golden vector",
        ),
        pytest.param(plain(0xC8), "voicemail", "voice messages wait: hello", id="DCS C8"),
        pytest.param(plain(0xC0, " "), "voicemail", "no voice messages wait any more", id="DCS C0"),
        pytest.param(plain(0xD9), "voicemail", "faxes wait: hello", id="DCS D9"),
        pytest.param(plain(0xDA), "voicemail", "e-mails wait: hello", id="DCS DA"),
        pytest.param(parts(Voicemail(1)), "voicemail", "1 voice message waits", id="header element 01"),
        pytest.param(parts(Voicemail(3, "from Bob")), "voicemail", "3 voice messages wait: from Bob", id="with a text"),
        pytest.param(plain(0xF6, protocol_id=0x7F), "sim_data", "68656C6C6F", id="PID 7F"),
        pytest.param(plain(0x16, protocol_id=0x7F), "sim_data", "68656C6C6F", id="PID 7F, DCS 16"),
    ],
)  # fmt: skip
def test_a_kind_is_known(message: list[pdu.Deliver], kind: Kind, words: str) -> None:
    """By port, TP-PID, TP-DCS or header; what is for a program is in hex."""
    assert content.read_content(message) == (kind, words)


def test_a_part_alone_is_only_what_it_is() -> None:
    """Half a notification is data until the other half is there."""
    halves = parts(Mms("http://mmsc.example/" + "x" * 200))
    assert [content.read_part_content(half)[0] for half in halves] == ["data"] * len(halves)
    assert content.read_content(halves)[0] == "mms"


def test_parts_that_hold_data_among_text_are_kept_in_hex() -> None:
    """Nobody can join them; nothing is lost."""
    first, second = parts(Text("a" * 200))
    odd = pdu.Deliver(SENDER, second.user_data, AT, dcs=0x04)
    kind, words = content.read_content([first, odd])
    assert kind == "data"
    assert words.startswith("61" * 153)
