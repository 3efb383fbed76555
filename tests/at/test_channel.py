"""The dialogue's reader: whole, byte by byte, and cut anywhere, it hears the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from modemd.at import Channel, ChannelEvent, Prompt, Reply, Urc, parse_result

PDU = "0791447758100650040C9144770009406500005230119051800008C834888E2ECBCB"


def reply(*lines: str, result: str = "OK") -> Reply:
    """A reply with the given information lines."""
    found = parse_result(result)
    assert found is not None
    return Reply(lines, found)


def framed(*lines: str) -> bytes:
    """Lines as a modem frames them."""
    return b"".join(b"\r\n" + line.encode() + b"\r\n" for line in lines)


DIALOGUES = [
    pytest.param("+CSQ", b"AT+CSQ\r" + framed("+CSQ: 17,99", "OK"), [reply("+CSQ: 17,99")], id="echo and answer"),
    pytest.param("+CSQ", b"AT+CSQ\r\r\nOK\r\n", [reply()], id="echo that leaves CR CR LF"),
    pytest.param("+CGMM", framed("E1752", "OK"), [reply("E1752")], id="an answer without its name"),
    pytest.param(
        "+CSQ",
        framed("+CMTI: \"SM\",4") + b"AT+CSQ\r" + framed("+CSQ: 17,99", "OK"),
        [Urc('+CMTI: "SM",4'), reply("+CSQ: 17,99")],
        id="a notice before the echo",
    ),
    pytest.param(
        "+CGSN",
        framed("^RSSI:14", "351234050000017", "*PSUTTZ: 2025,3,11,9,15,8,\"+0\",0", "OK"),
        [Urc("^RSSI:14"), Urc('*PSUTTZ: 2025,3,11,9,15,8,"+0",0'), reply("351234050000017")],
        id="notices inside an answer",
    ),
    pytest.param(
        "+CMGL=4",
        framed("+CMGL: 0,0,,26", PDU, '+CMGL: 1,1,"",26', PDU, "OK"),
        [reply("+CMGL: 0,0,,26", PDU, '+CMGL: 1,1,"",26', PDU)],
        id="a listing keeps each PDU with its header",
    ),
    pytest.param(
        "+CMGR=4",
        framed("+CDS: 25", PDU, "+CMGR: 0,,26", PDU, "OK"),
        [Urc("+CDS: 25", PDU), reply("+CMGR: 0,,26", PDU)],
        id="a report in front of the message that was asked for",
    ),
    pytest.param("+CMGR=9", framed("OK"), [reply()], id="an empty slot answered by OK alone"),
    pytest.param("+WIND?", framed("COMMAND NOT SUPPORT"), [reply(result="COMMAND NOT SUPPORT")], id="Huawei's no"),
    pytest.param("+CPIN?", framed("+CME ERROR: 14"), [reply(result="+CME ERROR: 14")], id="an error with a number"),
    pytest.param("+CMGS=9", framed("+CMS ERROR: SIM busy"), [reply(result="+CMS ERROR: SIM busy")], id="and with words"),
    pytest.param("+CNUM", framed("ERROR: BAD COMMAND"), [reply(result="ERROR")], id="ERROR with words behind it"),
    pytest.param("+CSQ", b"AT+CSQ\r+CSQ: 17,99\rOK\r", [reply("+CSQ: 17,99")], id="lines that end with CR alone"),
    pytest.param("+CREG?", framed("+CREG: 0,1", "OK"), [reply("+CREG: 0,1")], id="its own name is no notice"),
    pytest.param("+CREG?;+CEREG?", framed("+CREG: 0,2", "+CEREG: 0,1", "OK"), [reply("+CREG: 0,2", "+CEREG: 0,1")],
                 id="two commands on a line"),
    pytest.param("", framed("NO CARRIER", "OK"), [Urc("NO CARRIER"), reply()], id="the end of somebody's call"),
    pytest.param("+CSQ", b"\0\xff\xfe\r\n" + framed("+CSQ: 1,99", "OK"), [reply("ÿþ", "+CSQ: 1,99")], id="noise"),
]  # fmt: skip


def whole(data: bytes) -> Iterable[bytes]:
    return [data]


def byte_by_byte(data: bytes) -> Iterable[bytes]:
    return [data[i : i + 1] for i in range(len(data))]


def cut_at(place: int) -> Callable[[bytes], Iterable[bytes]]:
    return lambda data: [data[:place], data[place:]]


def heard(channel: Channel, pieces: Iterable[bytes]) -> list[ChannelEvent]:
    return [event for piece in pieces for event in channel.feed(piece)]


@pytest.mark.parametrize(("command", "data", "events"), DIALOGUES)
def test_the_events_are_the_same_however_the_bytes_arrive(
    command: str, data: bytes, events: list[ChannelEvent]
) -> None:
    """Bytes whole, one at a time and cut at every place give the same events."""
    for pieces in [whole, byte_by_byte, *(cut_at(place) for place in range(len(data)))]:
        channel = Channel()
        channel.start_command(command)
        assert heard(channel, pieces(data)) == events


@pytest.mark.parametrize("pieces", [whole, byte_by_byte])
def test_a_send_with_notices_everywhere(pieces: Callable[[bytes], Iterable[bytes]]) -> None:
    """Between command and prompt, after the prompt, and between reference and OK, notices survive and do no harm."""
    channel = Channel()
    assert channel.start_command("+CMGS=26", prompt=True) == b"AT+CMGS=26\r"
    events = heard(channel, pieces(b"AT+CMGS=26\r" + framed("^RSSI:14") + b"\r\n> "))
    assert events == [Urc("^RSSI:14"), Prompt()]
    assert channel.begin_pdu(PDU) + channel.end_pdu() == PDU.encode() + b"\x1a"
    answer = framed('+CMTI: "SM",4') + PDU.encode() + b"\x1a\r" + framed("+CMGS: 13", '+CREG: 1,"1A2B"', "OK")
    events = heard(channel, pieces(answer))
    assert events == [Urc('+CMTI: "SM",4'), Urc('+CREG: 1,"1A2B"'), reply("+CMGS: 13")]


@pytest.mark.parametrize("pieces", [whole, byte_by_byte])
def test_a_prompt_with_a_line_end_behind_it(pieces: Callable[[bytes], Iterable[bytes]]) -> None:
    """A modem whose lines end with CR alone may end its prompt so, too (Android's modem_simulator): no line comes of it."""
    channel = Channel()
    channel.start_command("+CMGS=26", prompt=True)
    assert heard(channel, pieces(b"> \r")) == [Prompt()]
    channel.begin_pdu(PDU)
    channel.end_pdu()
    assert heard(channel, pieces(b"+CMGS: 13\rOK\r")) == [reply("+CMGS: 13")]


def test_a_refusal_instead_of_a_prompt() -> None:
    """A wrong length is answered at once, and no prompt appears."""
    channel = Channel()
    channel.start_command("+CMGS=999", prompt=True)
    assert channel.feed(framed("+CMS ERROR: 304")) == [reply(result="+CMS ERROR: 304")]


def test_what_comes_after_it_was_abandoned_is_a_notice() -> None:
    """A very late answer is still heard: it may settle what became of a message."""
    channel = Channel()
    channel.start_command("+CMGS=26", prompt=True)
    channel.feed(b"\r\n> ")
    channel.begin_pdu(PDU)
    channel.end_pdu()
    channel.abandon()
    channel.start_command("")
    assert channel.feed(framed("+CMGS: 14", "OK", "OK")) == [Urc("+CMGS: 14"), reply(), Urc("OK")]


def test_a_greater_than_sign_is_a_prompt_only_when_one_is_awaited() -> None:
    """A stray prompt in an ordinary reply does not pass for one."""
    channel = Channel()
    channel.start_command("I")
    assert channel.feed(framed("> odd firmware", "OK")) == [reply("> odd firmware")]


def test_a_header_without_its_pdu_does_not_swallow_the_result() -> None:
    """`+CMGR:` followed by OK is an empty slot, not a PDU called OK."""
    channel = Channel()
    channel.start_command("+CMGR=3")
    assert channel.feed(framed("+CMGR: 0,,0", "OK")) == [reply("+CMGR: 0,,0")]


def test_endless_noise_is_bounded() -> None:
    """A port that never ends a line does not fill the memory, and the next line is read."""
    channel = Channel()
    channel.start_command("")
    for _ in range(100):
        channel.feed(b"\x7e" * 1000)
    assert [event for event in channel.feed(framed("", "OK")) if isinstance(event, Reply)]
    assert len(channel._buffer) == 0


def test_notices_of_a_profile_are_told_apart() -> None:
    """A line that the profile calls a notice is not taken for the answer of a command that answers without a name."""
    channel = Channel(urcs=["POWER ALARM"])
    channel.start_command("+CGMM")
    assert channel.feed(framed("POWER ALARM 3", "E3372", "OK")) == [Urc("POWER ALARM 3"), reply("E3372")]


MENU = '+CUSD: 1,"1 Balance\n2 Bonus\r\n3 "Extra",15'


@pytest.mark.parametrize("step", [1, 7, 1000], ids=["one by one", "in sevens", "whole"])
def test_a_ussd_text_is_one_notice_whatever_line_ends_it_has(step: int) -> None:
    """Real line ends stand within its quotation marks; what follows is itself again."""
    data = f"\r\n{MENU}\r\n\r\n^RSSI:9\r\n".encode()
    channel = Channel()
    events = [event for at in range(0, len(data), step) for event in channel.feed(data[at : at + step])]
    assert events == [Urc('+CUSD: 1,"1 Balance\n2 Bonus\n3 "Extra",15'), Urc("^RSSI:9")]


def test_a_ussd_text_within_its_commands_answer_is_one_line() -> None:
    """An answer before the OK."""
    channel = Channel()
    channel.start_command('+CUSD=1,"*100#",15')
    (reply,) = channel.feed(b'\r\n+CUSD: 1,"1 A\n> 2 B",15\r\n\r\nOK\r\n')
    assert isinstance(reply, Reply)
    assert reply.lines == ('+CUSD: 1,"1 A\n> 2 B",15',)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        pytest.param(b'\r\n+CMTI: "SM",1\r\n', [Urc('+CUSD: 0,"torn'), Urc('+CMTI: "SM",1')], id="a notice"),
        pytest.param(
            b"\r\n" + b"x" * 600 + b"\r\n" + b"y" * 600 + b"\r\nRING\r\n",
            [Urc('+CUSD: 0,"torn\n' + "x" * 600 + "\n" + "y" * 600), Urc("RING")],
            id="noise",
        ),
    ],
)
def test_a_ussd_text_that_lost_its_end_swallows_little(behind: bytes, expected: list[Urc]) -> None:
    """A notice ends it, and so does its length."""
    assert Channel().feed(b'\r\n+CUSD: 0,"torn' + behind) == expected


def test_a_ussd_text_that_lost_its_end_leaves_a_reply_its_result() -> None:
    """The result of the command that is pending ends it."""
    channel = Channel()
    channel.feed(b'\r\n+CUSD: 0,"torn\r\n')
    channel.start_command("+CSQ")
    events = channel.feed(b"AT+CSQ\r\r\n+CSQ: 17,99\r\n\r\nOK\r\n")
    assert events == [Urc('+CUSD: 0,"torn'), reply("+CSQ: 17,99")]


@pytest.mark.parametrize("header", ["+CMT: ,24", "+CDS: 25"])
def test_a_pdu_with_letters_stays_with_its_notice(header: str) -> None:
    """A line that is mostly hex behind such a header is its PDU: nothing inbound is dropped. Another line is one of its own."""
    channel = Channel()
    assert channel.feed(f"\r\n{header}\r\n0BD0p26F8ED2603AABBCCDD\r\n".encode()) == [
        Urc(header, "0BD0p26F8ED2603AABBCCDD")
    ]
    assert channel.feed(f"\r\n{header}\r\n\r\n^RSSI:9\r\n".encode()) == [Urc(header), Urc("^RSSI:9")]


@pytest.mark.parametrize("step", [1, 1000], ids=["byte by byte", "at once"])
def test_lines_of_a_menu_that_look_like_notices_belong_to_it(step: int) -> None:
    """The text runs to its closing quotation mark (3GPP TS 27.007 7.15): names of notices are in capitals."""
    data = b'\r\n+CUSD: 1,"Nos offres\r\n*121: Data\r\n#122: Voix\r\n+Data: 5 EUR\r\n0: Retour",15\r\n'
    channel = Channel()
    events = [event for at in range(0, len(data), step) for event in channel.feed(data[at : at + step])]
    assert events == [Urc('+CUSD: 1,"Nos offres\n*121: Data\n#122: Voix\n+Data: 5 EUR\n0: Retour",15')]
