"""Fixtures of the emulator's tests."""

from __future__ import annotations

import pytest

from tests.emulator.bench import Bench


@pytest.fixture
def bench() -> Bench:
    """A generic modem on a network, echo off, in PDU mode."""
    bench = Bench()
    bench.host.set_up()
    return bench


@pytest.fixture
def routed(bench: Bench) -> Bench:
    """A bench whose host has messages and reports handed to it."""
    assert bench.host.ask("AT+CNMI=2,2,0,1,0") == "OK"
    return bench
