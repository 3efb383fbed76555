"""Any octets give events or typed errors."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress

import pytest

from modemd.errors import DecodeError
from modemd.smpp.addresses import Numbering, SmppAddress, decode_address
from modemd.smpp.events import BindRequested, Delivery, Event, LinkLost, SubmitRequested, UnreadableDelivery
from modemd.smpp.message_operations import DataSm, DeliverSm, QuerySm, SubmitSm
from modemd.smpp.parts import make_parts
from modemd.smpp.pdus import LONGEST_PDU, PduStream, StreamError, decode_pdu, make_pdu
from modemd.smpp.permissions import NotPermitted
from modemd.smpp.receipts import read_receipt
from modemd.smpp.session import SmppSession
from modemd.smpp.session_operations import EnquireLink
from modemd.smpp.statuses import classify_status, describe_status
from modemd.smpp.texts import DefaultAlphabet, read_message
from modemd.smpp.times import decode_time
from modemd.smpp.window import WindowFull
from tests.smpp.samples import PDUS, RECEIPT, SUBMIT, bound_esme, bound_smsc, open_esme, open_smsc

STREAMS = 20_000
KNOWN = [pdu.encode() for pdu in PDUS]
MAKERS: tuple[Callable[[], SmppSession], ...] = (open_esme, open_smsc, bound_esme, bound_smsc)


def mutate(octets: bytes, chance: random.Random) -> bytes:
    """The octets with up to four changes; the length is mended half of the time, so that the body is reached."""
    changed = bytearray(octets)
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(changed) + 1)
        match chance.randrange(4):
            case 0:
                changed[at : at + 1] = bytes((chance.randrange(256),))
            case 1:
                changed[at : at + chance.randrange(6)] = b""
            case 2:
                changed[at:at] = chance.randbytes(chance.randrange(6))
            case _:
                del changed[max(at, 8) :]
    if chance.random() < 0.7:
        changed[0:4] = len(changed).to_bytes(4)
    return bytes(changed)


def make_stream(chance: random.Random) -> bytes:
    """Up to six pieces: PDUs, mutated PDUs, PDUs with random bodies, noise."""
    pieces = []
    for _ in range(chance.randrange(1, 7)):
        kind = chance.randrange(10)
        if kind < 6:
            pieces.append(mutate(chance.choice(KNOWN), chance))
        elif kind < 8:
            pieces.append(chance.choice(KNOWN))
        elif kind < 9:
            body = chance.randbytes(chance.randrange(300))
            command = chance.choice(PDUS).command_id
            pieces.append((16 + len(body)).to_bytes(4) + command.to_bytes(4) + bytes(4) + chance.randbytes(4) + body)
        else:
            pieces.append(chance.randbytes(chance.randrange(80)))
    return b"".join(pieces)


def read_all(body: DeliverSm | DataSm | SubmitSm | QuerySm) -> None:
    """Reads everything that a body can say."""
    decode_address(SmppAddress(body.source_addr, Numbering(body.source_addr_ton, body.source_addr_npi)))
    if isinstance(body, QuerySm):
        return
    for default in DefaultAlphabet:
        _ = read_message(body, default).text
        if not isinstance(body, SubmitSm):
            read_receipt(body, default)
    if not isinstance(body, DataSm):
        with suppress(DecodeError):
            decode_time(body.validity_period)


def react(session: SmppSession, event: Event, chance: random.Random) -> None:
    """Does what a program would do, or not."""
    if isinstance(event, Delivery | SubmitRequested):
        read_all(event.body)
    if chance.random() < 0.3:
        return
    with suppress(NotPermitted):
        if isinstance(event, Delivery | UnreadableDelivery):
            session.acknowledge(event.sequence)
        elif isinstance(event, SubmitRequested):
            session.acknowledge(event.sequence, 0x58)
        elif isinstance(event, BindRequested):
            session.accept_bind(event.sequence, "smsc")


def use(session: SmppSession, chance: random.Random, now: float) -> list[Event]:
    """Sends something, or lets time pass."""
    with suppress(NotPermitted, WindowFull):
        session.send_request(chance.choice((SUBMIT, RECEIPT, QuerySm("1", "2"))), now)
    with suppress(NotPermitted):
        if chance.random() < 0.1:
            session.begin_unbind(now)
    return session.check(now)


@pytest.mark.system
def test_twenty_thousand_streams_of_garbage() -> None:
    """Sessions in each state take them in pieces of any size; nothing but NotPermitted, WindowFull and events comes out."""
    chance = random.Random(34)
    lost = 0
    for index in range(STREAMS):
        session, stream, now, at = MAKERS[index % 4](), make_stream(chance), 1.0, 0
        while at < len(stream):
            end = at + chance.choice((1, 4, 16, 50, 1000))
            events = session.receive_data(stream[at:end], now)
            now += chance.choice((0.0, 1.0, 20.0))
            if chance.random() < 0.2:
                events += use(session, chance, now)
            for event in events:
                react(session, event, chance)
            lost += any(isinstance(event, LinkLost) for event in events)
            at = end
        session.connection_lost()
        assert session.next_deadline() is None
    assert 0 < lost < STREAMS  # the streams are neither all bad nor all good


def test_frames_of_garbage() -> None:
    """A frame is a PDU or a DecodeError; a PDU is written again as it was read."""
    chance = random.Random(35)
    read = 0
    for _ in range(STREAMS):
        octets = mutate(chance.choice(KNOWN), chance)
        try:
            pdu = decode_pdu(octets)
        except DecodeError:
            continue
        read += 1
        assert pdu.encode() == octets
        _ = classify_status(pdu.status), describe_status(pdu.status)
    assert read > 1000


def test_receipts_of_garbage() -> None:
    """Texts with some of what a receipt has."""
    chance = random.Random(36)
    words = ["id:", "stat:", "text:", "DELIVRD", " ", "submit date:", "2611300915", "99999999999999", "err:", "\0", "é"]
    words += ["done date:", "sub:", "dlvrd:", "²", "1", "\u0130d:"]
    for _ in range(5000):
        text = "".join(chance.choice(words) for _ in range(chance.randrange(20)))
        coding = chance.choice((0, 3, 8))
        octets = text.encode("utf-16-be") if coding == 8 else text.encode("latin-1", "replace")
        esm_class = chance.choice((0, 4, 0x20, 0x44))
        for default in DefaultAlphabet:
            read_receipt(DeliverSm("1", "2", octets[:254], esm_class=esm_class, data_coding=coding), default)


def test_a_stream_keeps_no_more_than_a_frame() -> None:
    """Whatever lengths it is promised."""
    chance = random.Random(37)
    for _ in range(50):
        stream = PduStream()
        with suppress(StreamError):
            for _ in range(100):
                stream.add(chance.choice((bytes(4000), chance.randbytes(4000), b"\0\1\0\0" * 1000)))
                while stream.take_frame() is not None:
                    pass
                assert len(stream) < LONGEST_PDU + 4000


@pytest.mark.system
def test_memory_is_bounded() -> None:
    """A peer that never waits for our answers, and never answers ours, makes the session keep only a little."""
    esme, number = bound_esme(), 0
    tracemalloc.start()
    try:
        for now in range(80):
            octets = b"".join(make_pdu(RECEIPT, number + each).encode() for each in range(1, 101))
            number += 100
            esme.receive_data(octets, float(now))
            for _ in range(10):
                with suppress(WindowFull):
                    esme.send_request(SUBMIT, float(now))
            esme.check(float(now))
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 2_000_000


def test_a_lost_session_keeps_no_octets() -> None:
    """Neither those that had come, nor those that still come."""
    sessions = [bound_esme() for _ in range(20)]
    tracemalloc.start()
    try:
        for session in sessions:
            session.receive_data(b"\0\0\0\1" + bytes(60_000), 0.0)
            for _ in range(10):
                session.receive_data(bytes(60_000), 0.0)
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept < 300_000


def test_time_grows_no_faster_than_length() -> None:
    """Many small PDUs in one read, and one large PDU octet by octet, are read in one pass."""
    esme = bound_esme()
    assert len(esme.receive_data(make_pdu(EnquireLink(), 1).encode() * 20_000, 0.0)) == 20_000
    large = make_pdu(SUBMIT, 1).encode()
    body = large[16:] + b"\x14\x00\xea\x60" + bytes(60_000)
    smsc = bound_smsc()
    octets = (16 + len(body)).to_bytes(4) + large[4:16] + body
    events = [event for at in range(len(octets)) for event in smsc.receive_data(octets[at : at + 1], 0.0)]
    assert [type(event) for event in events] == [SubmitRequested]


def test_texts_of_garbage_make_parts_or_an_error() -> None:
    """Every text that is whole makes parts that can be written."""
    chance = random.Random(38)
    for _ in range(500):
        text = "".join(chr(chance.choice((chance.randrange(0xD800), 0x1F600))) for _ in range(chance.randrange(300)))
        for part in make_parts(text, chance.choice(list(DefaultAlphabet))):
            make_pdu(SubmitSm("1", "2", part.short_message, esm_class=part.esm_class, tlvs=part.tlvs), 1).encode()
