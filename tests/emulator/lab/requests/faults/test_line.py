"""Faults of the line, where a message can be shown in more than one way."""

from __future__ import annotations

from typing import cast

import pytest

from modemd.emulator.lab.lab import LabModem
from modemd.emulator.lab.requests.network import fault
from modemd.emulator.links.pty import PtyLink
from modemd.pdu import Deliver, StatusReport, unframe
from tests.emulator.bench import ALICE, HELLO_WORLD, Bench

SMSC_OCTETS = 8


def _struck(kind: str, **values: object) -> Bench:
    bench = Bench()
    fault(kind, values).apply(LabModem(bench.device, bench.sim, cast(PtyLink, bench.link)))
    bench.host.set_up("2,2,0,1,0")
    return bench


def _headers(bench: Bench) -> list[tuple[str, int]]:
    """Header and octets of a message and a report that are routed, and of a message that is listed and read."""
    found = []
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    found.append(bench.host.hear(5.0))
    found.append(bench.host.send(HELLO_WORLD).partition("OK")[2].encode())
    bench.host.ask("AT+CNMI=2,1,0,0,0")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    bench.host.hear(5.0)
    found += [bench.host.ask(f"AT{command}").encode() for command in ("+CMGL=4", "+CMGR=1")]
    lines = [each.decode().strip().replace("\r\n\r\n", "\r\n").split("\r\n") for each in found]
    return [(header, len(line) // 2) for header, line, *_ in lines]


@pytest.mark.parametrize(("counts", "added"), [("all", SMSC_OCTETS), ("tpdu", 0), ("nothing", None)])
def test_a_wrong_length_stands_before_every_pdu(counts: str, added: int | None) -> None:
    """What is routed, listed or read has the same kind of length."""
    headers = _headers(_struck("wrong_length", counts=counts))
    assert [header.split(":")[0] for header, _ in headers] == ["+CMT", "+CDS", "+CMGL", "+CMGR"]
    for header, octets in headers:
        told = int(header.replace(" ", ",").rpartition(",")[2])
        assert told == (0 if added is None else octets - SMSC_OCTETS + added), header


def test_a_short_smsc_field_stands_before_what_is_routed_too() -> None:
    """Message and report begin with 01 00, and their TPDUs are whole."""
    bench = _struck("short_smsc")
    bench.network.phone(ALICE).send(bench.sim.number, "hi")
    message = bench.host.hear(5.0).decode().split("\r\n")[2]
    report = bench.host.send(HELLO_WORLD).split("\r\n")[-1]
    assert message.startswith("0100")
    assert report.startswith("0100")
    assert Deliver.decode(bytes.fromhex(message[4:])).text == "hi"
    assert StatusReport.decode(bytes.fromhex(report[4:])).reference == bench.references[0]
    assert unframe(bytes.fromhex(message))[1] == bytes.fromhex(message[4:])
