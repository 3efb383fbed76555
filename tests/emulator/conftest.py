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
