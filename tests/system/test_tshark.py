"""tshark, an independent dissector, reads our PDUs as we meant them."""

from __future__ import annotations

import json
import random
import struct
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from modemd.pdu import (
    AbsoluteValidity,
    Address,
    Command,
    Deliver,
    Ports,
    RelativeValidity,
    StatusReport,
    Submit,
    Timestamp,
    Validity,
    compose,
    compose_deliver,
)
from modemd.pdu.text.alphabet import DEFAULT

pytestmark = pytest.mark.system

COUNT = 2000
Message = Submit | Deliver | StatusReport | Command

# Control characters are printed escaped by tshark; the round-trip tests have them.
GSM = sorted((DEFAULT.letters | DEFAULT.extension) - set("\n\r\f"))
UCS2 = [chr(code) for code in (*range(0x0410, 0x0450), *range(0x05D0, 0x05EA), *range(0x4E00, 0x4F00))] + ["😀", "🎉"]
LENGTHS = (0, 1, 5, 7, 8, 20, 60, 70, 71, 152, 153, 154, 160, 161, 300, 400)

USER_0 = 147  # a link type free for users
DISSECT_AS_SMS = 'uat:user_dlts:"User 0 (DLT=147)","gsm_sms","0","","0",""'
TO_NETWORK, FROM_NETWORK = 1, 2  # direction flags of pcapng, which the dissector goes by

FIELDS = (
    *(
        "tp-mti",
        "tp-mr",
        "tp-da",
        "tp-oa",
        "tp-ra",
        "tp-pid",
        "tp-dcs",
        "tp-srr",
        "tp-rd",
        "tp-rp",
        "tp-udhi",
        "tp-vpf",
    ),
    *("tp-mms", "tp-lp", "tp-sri", "tp-srq", "sms_text", "udh.mm.msg_id", "udh.mm.msg_parts", "udh.mm.msg_part"),
    *("destination_port", "originator_port", "tp.command_type", "tp.message_number"),
    *("scts.year", "scts.month", "scts.day", "scts.hour", "scts.minutes", "scts.seconds", "tp.user_data_length"),
)


def messages(chance: random.Random) -> Iterator[Message]:
    """Random messages of each kind, without end."""
    while True:
        match chance.randrange(6):
            case 0 | 1:
                yield from compose(
                    number(chance),
                    text(chance),
                    reference=chance.randrange(256),
                    reference_width=chance.choice((8, 16)),
                    message_reference=chance.randrange(256),
                    message_class=chance.choice((None, 0, 1, 2, 3)),
                    protocol_id=chance.choice((0, 0x41, 0x7F)),
                    validity=validity(chance),
                    report_requested=chance.random() < 0.5,
                    reject_duplicates=chance.random() < 0.5,
                    reply_path=chance.random() < 0.5,
                    header=chance.choice(((), (Ports(2948, 9200),), (Ports(226, 0, 8),))),
                )
            case 2 | 3:
                yield from compose_deliver(
                    chance.choice((number(chance), "".join(chance.choices("ABCabc 123", k=chance.randrange(1, 12))))),
                    text(chance),
                    stamp(chance),
                    reference=chance.randrange(256),
                    message_class=chance.choice((None, 0, 1, 2, 3)),
                )
            case 4:
                to = Address.parse(number(chance))
                more, loop, command = (chance.random() < 0.5 for _ in range(3))
                head = chance.randrange(256), to, stamp(chance), stamp(chance), chance.randrange(256)
                yield StatusReport(*head, more, loop, command)
            case _:
                to = Address.parse(number(chance))
                yield Command(to, chance.randrange(4), chance.randrange(256), reference=chance.randrange(256))


def number(chance: random.Random) -> str:
    digits = "".join(chance.choices("0123456789", k=chance.randrange(3, 16)))
    return chance.choice(("+1", "")) + digits


def text(chance: random.Random) -> str:
    return "".join(chance.choices(chance.choice((GSM, UCS2)), k=chance.choice(LENGTHS)))


def stamp(chance: random.Random) -> Timestamp:
    zone = timezone(timedelta(minutes=15 * chance.randrange(-48, 57)))
    return Timestamp.of(datetime(2025, 1, 1, tzinfo=UTC).astimezone(zone) + timedelta(seconds=chance.randrange(10**8)))


def validity(chance: random.Random) -> Validity | None:
    return chance.choice((None, RelativeValidity(chance.randrange(256)), AbsoluteValidity(stamp(chance))))


def pcapng(sent: list[Message]) -> bytes:
    """A capture file with one TPDU a packet, each with its direction."""

    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        length = struct.pack("<I", len(body) + 12)
        return struct.pack("<I", kind) + length + body + length

    blocks = [
        block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)),
        block(1, struct.pack("<HHI", USER_0, 0, 0)),
    ]
    for message in sent:
        tpdu = message.encode()
        direction = TO_NETWORK if isinstance(message, Submit | Command) else FROM_NETWORK
        head = struct.pack("<IIIII", 0, 0, 0, len(tpdu), len(tpdu))
        options = struct.pack("<HHIHH", 2, 4, direction, 0, 0)
        blocks.append(block(6, head + tpdu + bytes(-len(tpdu) % 4) + options))
    return b"".join(blocks)


def dissected(capture: Path) -> list[dict[str, Any]]:
    """What tshark says of each packet: field names (without the protocol's) and their values, in order."""
    command = ["tshark", "-n", "-r", str(capture), "-o", DISSECT_AS_SMS, "-o", "gsm_sms.reassemble:FALSE", "-T", "json"]
    for field in FIELDS:
        command += ["-e", f"gsm_sms.{field}"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)
    packets = json.loads(done.stdout)
    return [
        {name.removeprefix("gsm_sms."): values for name, values in packet["_source"]["layers"].items()}
        for packet in packets
    ]


def flag(value: bool) -> list[str]:
    return ["1" if value else "0"]


def moments(*stamps: Timestamp) -> dict[str, list[str]]:
    """The fields of time stamps, local time, as the dissector names them."""
    values = [stamp.value for stamp in stamps]
    names = {"year": "year", "month": "month", "day": "day", "hour": "hour", "minutes": "minute", "seconds": "second"}
    return {
        f"scts.{field}": [
            str(getattr(value, name) % 100 if name == "year" else getattr(value, name)) for value in values
        ]
        for field, name in names.items()
    }


def meant(message: Message) -> dict[str, list[str]]:
    """What we meant, in the dissector's words."""
    if isinstance(message, Command):
        said = {"tp-mti": ["2"], "tp-mr": [str(message.reference)], "tp-da": [message.destination.value]}
        return said | {
            "tp.command_type": [str(message.command_type)],
            "tp.message_number": [str(message.message_number)],
        }
    if isinstance(message, StatusReport):
        said = {"tp-mti": ["2"], "tp-mr": [str(message.reference)], "tp-ra": [message.recipient.value]}
        said |= {"tp-mms": flag(not message.more_to_send), "tp-lp": flag(message.loop_prevention)}
        return said | {"tp-srq": flag(message.for_command)} | moments(message.timestamp, message.discharge)
    said = {"tp-pid": [str(message.protocol_id)], "tp-dcs": [str(message.dcs)], "tp-rp": flag(message.reply_path)}
    said["tp-udhi"] = flag(bool(message.user_data.header))
    if message.text:
        said["sms_text"] = [message.text]
    if (found := message.concatenation) is not None:
        said["udh.mm.msg_id"] = [str(found.reference)]
        said["udh.mm.msg_parts"], said["udh.mm.msg_part"] = [str(found.total)], [str(found.sequence)]
    if (ports := message.ports) is not None:
        said["destination_port"], said["originator_port"] = [str(ports.destination)], [str(ports.source)]
    if isinstance(message, Deliver):
        said |= {"tp-mti": ["0"], "tp-oa": [message.originator.value], "tp-mms": flag(not message.more_to_send)}
        return said | moments(message.timestamp)
    said |= {"tp-mti": ["1"], "tp-mr": [str(message.reference)], "tp-da": [message.destination.value]}
    said |= {"tp-srr": flag(message.report_requested), "tp-rd": flag(message.reject_duplicates)}
    return said | {"tp-vpf": [str(0 if message.validity is None else message.validity.bits >> 3)]}


def test_tshark_reads_what_we_meant(tmp_path: Path) -> None:
    """2,000 random PDUs are dissected to the same fields."""
    source = messages(random.Random(20250311))
    sent = [next(source) for _ in range(COUNT)]
    capture = tmp_path / "sms.pcapng"
    capture.write_bytes(pcapng(sent))
    read = dissected(capture)
    assert len(read) == COUNT
    for message, said in zip(sent, read, strict=True):
        wanted = meant(message)
        assert {name: said.get(name) for name in wanted} == wanted, message.encode().hex()
