"""Who is who among found modems: the choice by itself. What becomes of them is in tests/sim/modems/test_discovery.py."""

from __future__ import annotations

import pytest

from modemd.config import ModemSettings
from modemd.modem.discovery.probe import ProbeResult
from modemd.service.modems.names import make_name, match_configured

IMEI = "490154203237518"
ICCID = "8933010000000000017"
NAMED = (
    ModemSettings(name="place", usb="1-1.2"),
    ModemSettings(name="card", iccid=ICCID),
    ModemSettings(name="stick", imei=IMEI),
)


@pytest.mark.parametrize(
    ("found", "place", "name"),
    [
        pytest.param(ProbeResult(IMEI, ICCID), "1-1.2", "stick", id="the stick goes before its SIM and its place"),
        pytest.param(ProbeResult("868123456789012", ICCID), "1-1.2", "card", id="the SIM goes before the place"),
        pytest.param(ProbeResult("868123456789012", "8933010000000000025"), "1-1.2", "place", id="the place"),
        pytest.param(ProbeResult("868123456789012"), "1-1.3", None, id="nobody's"),
        pytest.param(ProbeResult(None), "1-1.2", "place", id="no IMEI: the place"),
        pytest.param(ProbeResult(None, ICCID), "1-1.3", "card", id="no IMEI: the SIM"),
        pytest.param(ProbeResult(IMEI[:14]), "1-1.3", "stick", id="an IMEI without its check digit"),
        pytest.param(ProbeResult(IMEI[:14] + "0"), "1-1.3", "stick", id="or with another one"),
    ],
)
def test_a_modem_is_the_one_that_is_named(found: ProbeResult, place: str, name: str | None) -> None:
    """By IMEI before SIM before place, whatever the order of the list."""
    chosen = match_configured(NAMED, found, place)
    assert (chosen.name if chosen is not None else None) == name


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        pytest.param(set(), "modem-237518", id="six digits"),
        pytest.param({"modem-237518"}, "modem-3237518", id="one more where those are taken"),
        pytest.param({f"modem-{IMEI[-digits:]}" for digits in range(6, 16)}, f"modem-{IMEI}-2", id="all are taken"),
    ],
)
def test_a_found_modem_is_called_by_its_imei(taken: set[str], name: str) -> None:
    """The same stick has the same name on every machine, and no two have one."""
    assert make_name(IMEI, taken) == name
    ModemSettings(name=name, imei=IMEI)  # a name that a configuration may have
