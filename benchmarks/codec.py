"""Speed of modemd.pdu beside python-gsmmodem-new's gsmmodem.pdu: `python benchmarks/codec.py`.

CPU time of this process, both codecs in turn within each round, the median over the rounds. Every text is random and used
once, every field is read, no result is kept between calls, validation is on. Each task is checked first: both codecs must
say the same.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from gsmmodem import pdu as gsmmodem

from modemd.pdu import (
    Deliver,
    RelativeValidity,
    Timestamp,
    compose,
    compose_deliver,
    decode_incoming,
    frame,
    join,
    unframe,
)
from modemd.pdu.text.alphabet import DEFAULT

ROUNDS = 41
CALLS = 60

NUMBER = "+447700900123"
A_DAY = timedelta(hours=24)

# The other codec has a backtick where the alphabet has the section sign, and drops some a part's final @.
GSM = sorted(DEFAULT.letters - {"§", "@"})
GSM_EXTENDED = GSM + list("^{}\\[~]|€")
UCS2 = [chr(code) for code in range(0x0400, 0x0500)] + [chr(code) for code in range(0x4E00, 0x5000)]


def encode_ours(text: str) -> list[tuple[str, int]]:
    """PDUs in hex and their lengths for AT+CMGS."""
    parts = compose(
        NUMBER, text, reference=7, message_reference=7, validity=RelativeValidity.at_least(A_DAY), report_requested=True
    )
    return [(frame(tpdu := part.encode()).hex().upper(), len(tpdu)) for part in parts]


def encode_theirs(text: str) -> list[tuple[str, int]]:
    pdus = gsmmodem.encodeSmsSubmitPdu(NUMBER, text, reference=7, validity=A_DAY, requestStatusReport=True)
    return [(str(pdu), pdu.tpduLength) for pdu in pdus]


def fields_of(pdu: str) -> tuple[Deliver, tuple[object, ...]]:
    """A part and everything it says; the text of a part of a set is read with the whole."""
    smsc, tpdu = unframe(bytes.fromhex(pdu))
    part = decode_incoming(tpdu)
    assert isinstance(part, Deliver)
    moment, found = part.timestamp.value, part.concatenation
    assert moment is not None
    flags = part.more_to_send, part.loop_prevention, part.report_indication, part.reply_path
    said = str(smsc), len(tpdu), str(part.originator), part.protocol_id, part.alphabet, part.message_class, flags
    if found is None:
        return part, (*said, moment, moment.utcoffset(), part.text)
    return part, (*said, moment, moment.utcoffset(), found.reference, found.total, found.sequence)


def decode_ours(pdus: list[str]) -> tuple[object, ...]:
    """Every field of each part, and the whole text."""
    if len(pdus) == 1:
        return fields_of(pdus[0])[1]
    parts, fields = zip(*map(fields_of, pdus), strict=True)
    return (fields, join(parts))


def their_fields_of(pdu: str) -> tuple[object, ...]:
    said = gsmmodem.decodeSmsPdu(pdu)
    moment = said["time"]
    found = said["udh"][0] if "udh" in said else None
    number = None if found is None else (found.reference, found.parts, found.number)
    kind = said["smsc"], said["tpdu_length"], said["type"], said["number"], said["protocol_id"]
    return (*kind, moment, moment.utcoffset(), number, said["text"])


def decode_theirs(pdus: list[str]) -> tuple[object, ...]:
    if len(pdus) == 1:
        return their_fields_of(pdus[0])
    fields = [their_fields_of(pdu) for pdu in pdus]
    texts: dict[object, str] = {said[-2]: str(said[-1]) for said in fields}
    return (fields, "".join(text for _, text in sorted(texts.items(), key=lambda item: item[0][2])))  # type: ignore[index]


@dataclass(frozen=True)
class Task:
    """One line of the table."""

    name: str
    characters: list[str]
    length: int
    wanted: float
    decodes: bool

    def inputs(self, chance: random.Random) -> list[Any]:
        texts = ["".join(chance.choices(self.characters, k=self.length)) for _ in range(CALLS)]
        return [received(text) for text in texts] if self.decodes else texts

    def codecs(self) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        return (decode_ours, decode_theirs) if self.decodes else (encode_ours, encode_theirs)


def received(text: str) -> list[str]:
    now = Timestamp.of(datetime(2025, 3, 11, 9, 15, 8, tzinfo=UTC))
    return [
        "07914477581006F0" + part.encode().hex().upper() for part in compose_deliver(NUMBER, text, now, reference=7)
    ]


TASKS = (
    Task("encode 160 GSM characters", GSM, 160, 5, False),
    Task("encode 400 GSM characters, 3 parts", GSM, 400, 5, False),
    Task("encode 130, extension characters too", GSM_EXTENDED, 130, 0, False),
    Task("decode 160 GSM characters", GSM, 160, 5, True),
    Task("decode 400 GSM characters, 3 parts", GSM, 400, 5, True),
    Task("decode 130, extension characters too", GSM_EXTENDED, 130, 0, True),
    Task("encode 70 UCS2 characters", UCS2, 70, 2, False),
    Task("decode 70 UCS2 characters", UCS2, 70, 2, True),
)


def microseconds(codec: Callable[[Any], Any], inputs: list[Any]) -> float:
    """CPU time of one call."""
    began = time.process_time_ns()
    for value in inputs:
        codec(value)
    return (time.process_time_ns() - began) / 1000 / len(inputs)


def agree(task: Task, chance: random.Random) -> None:
    """Both codecs say the same: the same PDUs, or the same text at the end."""
    ours, theirs = task.codecs()
    for value in task.inputs(chance):
        mine, other = ours(value), theirs(value)
        if (mine[-1] if task.decodes else mine) != (other[-1] if task.decodes else other):
            raise SystemExit(f"{task.name}: the codecs differ on {value!r}")


def main() -> int:
    """Prints a line a task; the exit status says whether every ratio is at least the wanted one."""
    chance = random.Random()
    reached = True
    print(f"{'task':<38}{'ours':>9}{'theirs':>9}{'ratio':>8}{'wanted':>8}")
    for task in TASKS:
        agree(task, chance)
        ours, theirs = task.codecs()
        pairs = []
        for _ in range(ROUNDS):
            inputs = task.inputs(chance)
            pairs.append((microseconds(ours, inputs), microseconds(theirs, inputs)))
        mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(b / a for a, b in pairs)
        reached &= ratio >= task.wanted
        print(f"{task.name:<38}{mine:>6.1f} us{other:>6.1f} us{ratio:>8.1f}{task.wanted or '':>8}")
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
