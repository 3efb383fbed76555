"""A long fuzz of the decoders: `python -m tests.pdu.fuzz --seconds 600`.

Random octets, and PDUs of ours with octets changed, cut out and put in, go through every decoder and every field is read.
Anything but a result or a DecodeError stops the run and prints the input. The slowest input is named at the end.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from modemd.errors import DecodeError
from modemd.pdu import (
    Command,
    Deliver,
    DeliverReport,
    Direction,
    LockingShift,
    MmsNotification,
    Ports,
    SingleShift,
    StatusReport,
    Submit,
    SubmitReport,
    Timestamp,
    compose,
    compose_data,
    compose_deliver,
    explain,
    frame,
    join,
    unframe,
    unpack_ussd,
)
from modemd.pdu.text.alphabet import DEFAULT

PUSH = bytes.fromhex(
    "0106 03 be af84 8c82 98 61626300 8d92 89 0b 80 2b3434372f545950453d00 96 54657374 00 8a80 8e 02 2710"
    "88 05 81 03 02 a300 83 687474703a2f2f6d6d73632f6100"
)


def seeds() -> list[bytes]:
    """PDUs of every kind, and a push body, to start from."""
    now = Timestamp.of(datetime(2025, 3, 11, 9, 15, 8, tzinfo=UTC))
    to = "+447700900123"
    parts: list[Submit | Deliver] = [
        *compose(to, "Hello {world} €" * 20, reference=7, report_requested=True),
        *compose(to, "Привет 😀" * 20, reference=7, reference_width=16),
        *compose(to, "x", header=(SingleShift(1), LockingShift(13))),
        *compose_data(to, PUSH, header=(Ports(2948, 9200),)),
        *compose_deliver("MyBank", "Your code is 4821 " * 10, now),
        *compose_deliver("12345", "Да", now),
    ]
    tpdus = [part.encode() for part in parts]
    tpdus.append(bytes.fromhex("06400C91447700091032523011905180005230119051210000070004067265706F7274"))
    tpdus.append(bytes.fromhex("0242AB893404913619096120636F6D6D616E64"))
    return [PUSH, *tpdus, *(frame(tpdu) for tpdu in tpdus)]


def mutated(octets: bytes, chance: random.Random) -> bytes:
    """The octets with up to four changes."""
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
                del changed[at:]
    return bytes(changed)


def inputs(chance: random.Random, known: list[bytes]) -> bytes:
    """The next input: one in four random, the others mutated."""
    if chance.randrange(4) == 0:
        return chance.randbytes(chance.choice((chance.randrange(40), chance.randrange(200), chance.randrange(4000))))
    return mutated(chance.choice(known), chance)


def read_all(octets: bytes) -> None:
    """Every decoder on one input, every property of what comes out, and back."""
    for kind in (Submit, Deliver):
        with suppress(DecodeError):
            read_message(kind.decode(octets))
    with suppress(DecodeError):
        report = StatusReport.decode(octets)
        _ = report.outcome, report.text, report.timestamp.value, report.discharge.value, str(report.recipient)
    decoders: tuple[Callable[[bytes], object], ...] = (
        Command.decode,
        DeliverReport.decode,
        SubmitReport.decode,
        MmsNotification.decode,
        unframe,
        lambda octets: explain(octets),
        lambda octets: explain(octets, Direction.OUTGOING, smsc=False),
        lambda octets: DEFAULT.decode(unpack_ussd(octets)),
    )
    for decode in decoders:
        with suppress(DecodeError):
            decode(octets)


def read_message(message: Submit | Deliver) -> None:
    _ = message.text, message.alphabet, message.coding, message.message_class, message.concatenation, message.ports
    if isinstance(message, Deliver):
        _ = message.timestamp.value, str(message.originator), message.replace_type
        with suppress(DecodeError):
            join([message, message])
    else:
        _ = str(message.destination), str(message.validity)


def main(arguments: list[str]) -> int:
    """Fuzzes for a time and prints what was met."""
    parser = argparse.ArgumentParser(prog="python -m tests.pdu.fuzz")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    chance, known = random.Random(options.seed), seeds()
    end = time.monotonic() + options.seconds
    count, slowest, slowest_input = 0, 0, b""
    while time.monotonic() < end:
        for _ in range(200):
            octets = inputs(chance, known)
            began = time.process_time_ns()
            try:
                read_all(octets)
            except Exception:
                sys.stdout.write(f"failed on {octets.hex()}\n")
                raise
            took = time.process_time_ns() - began
            count += 1
            # CPU time, and a slow input counts by its best of three: collections of garbage fall anywhere.
            if took > slowest and (best := min(took, *(timed(octets) for _ in range(2)))) > slowest:
                slowest, slowest_input = best, octets
    sys.stdout.write(
        f"{count} inputs, nothing but results and DecodeError\n"
        f"slowest: {slowest / 1000:.0f} us for {len(slowest_input)} octets: {slowest_input.hex()}\n"
    )
    return 0


def timed(octets: bytes) -> int:
    """Nanoseconds of CPU time that one input takes."""
    began = time.process_time_ns()
    read_all(octets)
    return time.process_time_ns() - began


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
