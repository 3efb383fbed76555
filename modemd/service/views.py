"""Shapes of answers that no table holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from modemd.config import Settings
from modemd.modem.modem import Modem
from modemd.pdu import status
from modemd.rules.evidence import Doubt
from modemd.store.reports import Unmatched


def modem_view(modem: Modem, settings: Settings, rest: tuple[datetime, str] | None = None) -> dict[str, Any]:
    """One modem: as configured, who answered, how it is, and until when its SIM rests, with what it was refused."""
    now, identity = modem.status, modem.status.identity
    sim = settings.sims.get(identity.iccid) if identity else None
    return {
        "name": modem.line.name,
        "port": modem.line.port,
        "health": now.health.value,
        "reason": now.reason if rest is None else f"the SIM was refused too often: {rest[1]}",
        "rests_until": rest[0].isoformat(timespec="microseconds") if rest is not None else None,
        "driver": identity.profile.name if identity else None,
        "manufacturer": identity.manufacturer if identity else None,
        "model": identity.model if identity else None,
        "firmware": identity.firmware if identity else None,
        "imei": identity.imei if identity else None,
        "sim": identity.iccid if identity else None,
        "imsi": identity.imsi if identity else None,
        "number": (sim.number if sim else None) or (identity.number if identity else None),
        "registration": now.registration.name.lower(),
        "signal_dbm": now.signal_dbm,
        "sent": now.sent,
    }


def report_view(report: dict[str, Any], doubt: Doubt | Unmatched | None) -> dict[str, Any]:
    """A status report, its status in words, and of an unmatched one why it is nobody's."""
    words = {"reason": doubt.value, "because": BECAUSE[doubt]} if doubt is not None else {}
    return report | {"status": f"{report['status']:02X}", "meaning": status.describe(report["status"])} | words


BECAUSE: dict[Doubt | Unmatched, str] = {
    Doubt.NOBODY: "nothing that this SIM has sent to that number has the reference, and nothing of it is unknown",
    Doubt.REFERENCE_TAKEN: "an unknown attempt fits, but the reference belongs to another one",
    Doubt.SEVERAL: "more than one attempt can be meant",
    Doubt.OUT_OF_TIME: "an unknown attempt to that number does not fit its time",
    Doubt.NO_TIME: "its time cannot be read, and without it an unknown attempt is not proved",
    Doubt.SETTLED: "the owner of the reference had its final report, and the time fits no other",
    Unmatched.ANSWER_AWAITED: "the modem has not said yet what became of the attempt",
    Unmatched.NOT_THEN: "nothing fitted when it came, nor within a day after",
}
