"""What is seen while a plan runs, beside the network's journal: which attempts were journaled at the first octet of each PDU,
what modems refused, which were reset, and how long a modem that could have sent did not.

It looks at the emulated modems every two seconds, less often while there is nothing to judge, and at the queue as it is
committed; it changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from modemd.emulator import Device
from modemd.modem.status import ModemHealth
from modemd.rules.classes import MessageClass
from modemd.rules.queue_place import LAST_URGENT_RANK
from modemd.store.timestamps import from_text, to_text
from tests.sim.world.assembled import Simulation

LOOK_S = 2.0
# The same while the process is down, or each modem could not send, or is ready and nothing is queued.
QUIET_LOOK_S = 10.0
# A modem that has not answered for so long hangs; the longest latency of a plan is shorter.
HANGS_S = 15.0
# A modem is used again so soon after it could be, counted from the later of its own recovery and the start of the process: it
# is looked for every 30 s at the longest (`modem.session.PERSON_RETRY_S`), and then set up.
READY_S = 60.0
SLOTS = 50  # of a full memory: each is stored, with a commit, before the modem counts as ready
# A part waits no longer for a modem that is free: the patience for another one's prompt, a set-up, and a sweep.
IDLE_S = 30.0
# What modemd may wait for by its own rules. The numbers are not taken from modemd: a mistake in them would hide itself.
# A message is left to the SIM that its contact talked with last for 30 s, and a part that a SIM refuses to the others for an
# hour.
LEFT_TO_ITS_SIM = timedelta(seconds=40)
LEFT_TO_OTHERS = timedelta(hours=1)
# From the fifth refusal in a row on a SIM rests, longer with each further one.
REFUSALS_BEFORE_A_REST = 5
RESTS_S = (60.0, 300.0, 900.0, 3600.0)
# An alarm or otp that no SIM has claimed so long after it was queued is passed over: the patience for a prompt.
URGENT_S = 6.0


@dataclass(frozen=True, slots=True)
class FirstOctet:
    """First octet of a PDU, at a modem, by the network's clock. `open_attempts`: the attempts that were journaled and not closed
    at that moment, by part."""

    device: str
    at: datetime
    open_attempts: dict[int, int]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Error that a modem has given: its line, and when, by the machine's clock."""

    at: datetime
    line: str


@dataclass(slots=True)
class _Spell:
    """What one modem has been for how long, in seconds of the loop; None: it is not."""

    busy_since: float | None = None
    able_since: float | None = None
    idle_since: float | None = None
    last_attempt: int = 0
    stored: int = 0
    is_told: bool = False


@dataclass(slots=True)
class Watch:
    """Watch over one simulation. `is_up`: the process of the service has started, and runs; whoever runs the plan sets it."""

    simulation: Simulation
    longest_fsync_s: float
    is_up: bool = False
    first_octets: list[FirstOctet] = field(default_factory=list)
    refusals: dict[str, list[Refusal]] = field(default_factory=lambda: defaultdict(list))
    resets: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    """When modemd reset a modem, by its name."""
    violations: list[str] = field(default_factory=list)
    is_clock_stepped: bool = False
    _spells: dict[str, _Spell] = field(default_factory=lambda: defaultdict(_Spell))
    _in_a_row: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _rests_until: dict[str, float] = field(default_factory=dict)

    def listen(self) -> None:
        """Listens to the modems from now on."""
        for device in self.simulation.devices:
            device.first_octet_hooks.append(self._note_first_octet)
            # Instances are watched, not the class: a mistake of one world is nobody else's.
            for name, note in (("finish", self._note_result), ("restart", self._note_reset)):
                setattr(device, name, partial(note, device, getattr(device, name)))

    async def look_on(self) -> None:
        """Looks at modems and queue until it is cancelled."""
        usb_resets = 0
        while True:
            is_quiet = self._look()
            for path in self.simulation.usb_resets[usb_resets:]:
                usb_resets += 1
                self.resets[f"modem{path[-1]}"].append(self._now)
            await asyncio.sleep(QUIET_LOOK_S if is_quiet else LOOK_S)

    def _note_first_octet(self, device: Device, octet: bytes) -> None:
        rows = self.simulation.all(
            "SELECT a.id, a.part_id, a.sim, a.opened_at, p.rank FROM attempt a JOIN part p ON p.id = a.part_id"
            " WHERE a.outcome = 'open' ORDER BY a.id"
        )
        self.first_octets.append(
            FirstOctet(device.name, device.timers.now(), {row["part_id"]: row["id"] for row in rows})
        )
        own = [row for row in rows if device.sim is not None and row["sim"] == device.sim.iccid]
        if own and own[-1]["rank"] > LAST_URGENT_RANK and not self.is_clock_stepped:
            before = from_text(own[-1]["opened_at"]) - timedelta(seconds=URGENT_S + 2 * self.longest_fsync_s)
            passed_over = [
                row
                for row in self._list_waiting(own[-1]["sim"])
                if row["rank"] <= LAST_URGENT_RANK and from_text(row["since"]) < before
            ]
            self.violations += [
                f"urgent last: message {row['message_id']} waits since {row['since']}, and {device.name} sends another class"
                for row in passed_over
            ]

    def _note_result(self, device: Device, finish: Callable[[str], None], result: str = "OK") -> None:
        was_on_air = device.on_air
        if result != "OK":
            self.refusals[device.name].append(Refusal(self.simulation.clock.now(), result))
        if was_on_air:
            self._note_answer(device, is_refusal=result != "OK")
        finish(result)

    def _note_answer(self, device: Device, *, is_refusal: bool) -> None:
        """Five refusals in a row let the SIM rest, and each further one lets it rest longer."""
        if not is_refusal:
            self._in_a_row[device.name] = 0
            return
        self._in_a_row[device.name] += 1
        if (beyond := self._in_a_row[device.name] - REFUSALS_BEFORE_A_REST) >= 0:
            self._rests_until[device.name] = self._now + RESTS_S[min(beyond, len(RESTS_S) - 1)]

    def _note_reset(self, device: Device, restart: Callable[[], None]) -> None:
        self.resets[device.name].append(self._now)
        restart()

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # -- what modems could do, and did not

    def _look(self) -> bool:
        """Looks once. Returns True if there is nothing to judge until something changes."""
        if not self.is_up:
            self._spells.clear()
            return True
        waits = bool(self.simulation.all("SELECT 1 FROM part WHERE state = 'queued' LIMIT 1"))
        is_quiet = True
        for device, modem in zip(self.simulation.devices, self.simulation.service.modems.registry.modems, strict=True):
            spell = self._spells[device.name]
            is_able = self._is_able(device, spell)
            is_ready = modem.status.health is ModemHealth.READY
            is_quiet &= not is_able or (is_ready and not waits)
            self._look_for_recovery(device, spell, is_able=is_able, is_ready=is_ready)
            self._look_for_idleness(device, spell, is_free=is_able and is_ready and waits)
        return is_quiet

    def _is_able(self, device: Device, spell: _Spell) -> bool:
        """Whether the modem would take a message from a host that talks to it as it should."""
        spell.busy_since = (
            (spell.busy_since if spell.busy_since is not None else self._now) if device.host.busy else None
        )
        hangs = spell.busy_since is not None and self._now - spell.busy_since > HANGS_S
        is_noisy = device.host.distort is not None
        plugged = self.simulation.links[f"/sim/{device.name}"].plugged
        return plugged and device.registered and not (device.is_deaf or device.is_wedged or is_noisy or hangs)

    def _look_for_recovery(self, device: Device, spell: _Spell, *, is_able: bool, is_ready: bool) -> None:
        if not is_able or is_ready:
            spell.able_since, spell.is_told = None, False
        elif spell.able_since is None:
            spell.able_since = self._now
        elif self._now - spell.able_since > READY_S + SLOTS * self.longest_fsync_s and not spell.is_told:
            spell.is_told = True
            self.violations.append(f"not used again: {device.name} could send since {spell.able_since:.0f} s")

    def _look_for_idleness(self, device: Device, spell: _Spell, *, is_free: bool) -> None:
        sim = device.sim
        if not is_free or sim is None or self._rests_until.get(device.name, 0.0) > self._now:
            spell.idle_since = None
            return
        (row,) = self.simulation.all(
            "SELECT coalesce(max(id), 0) AS last, coalesce(max(outcome = 'open'), 0) AS on_air FROM attempt WHERE sim = ?",
            sim.iccid,
        )
        # A modem that was asked for a prompt is not free: after each that was lost, the next one is waited for twice as long.
        is_used = row["on_air"] or row["last"] != spell.last_attempt or device.host.entering
        # Nor is one whose messages are read and deleted: only an alarm or otp goes before that, and a full memory takes minutes.
        is_emptied = sim.memory.used < spell.stored
        spell.last_attempt, spell.stored = row["last"], sim.memory.used
        if is_used or is_emptied or not (waiting := self._list_waiting(sim.iccid)):
            spell.idle_since = None
        elif spell.idle_since is None:
            spell.idle_since = self._now
        elif self._now - spell.idle_since > IDLE_S + 4 * self.longest_fsync_s:
            sick = [
                other.name
                for other in self.simulation.devices
                if other is not device and not self._is_able(other, self._spells[other.name])
            ]
            because = f", while {', '.join(sick)} is sick" if sick else ""
            self.violations.append(
                f"waits for nothing: message {waiting[0]['message_id']}, and {device.name} is free since "
                f"{spell.idle_since:.0f} s{because}"
            )
            spell.idle_since = None

    def _list_waiting(self, sim: str) -> list[dict[str, Any]]:
        """Returns the parts that a SIM may send now. Left out is what has to wait by the rules: behind an earlier message to its
        number, for the SIM that its contact talked with last, or for an hour after this SIM has refused it; and marketing if the
        clock was wrong, because nobody can trust it then."""
        now = self.simulation.clock.now()
        found = self.simulation.database.execute(
            _WAITING,
            {
                "sim": sim,
                "now": to_text(now),
                "left": to_text(now - LEFT_TO_ITS_SIM),
                "refused": to_text(now - LEFT_TO_OTHERS),
                "last": (MessageClass.CONVERSATIONAL if self.is_clock_stepped else MessageClass.MARKETING).rank,
            },
        )
        return [dict(row) for row in found]


# `since`: when the last thing befell a message of this class to this number: that it was queued, or that an earlier one was over.
_WAITING = """
    SELECT p.*, max(p.queued_at, (
        SELECT max(e.at) FROM event e JOIN part o ON o.message_id = e.message_id WHERE o.number = p.number AND o.rank = p.rank
    )) AS since
    FROM part p JOIN lane l ON l.id = p.lane
    WHERE p.state = 'queued' AND p.rank <= :last AND p.expires_at > :now
        AND (l.kind = 'any' OR l.home = :sim OR l.kind = 'preferred' AND p.queued_at < :left)
        AND NOT EXISTS (
            SELECT 1 FROM part e WHERE e.number = p.number AND e.rank = p.rank AND e.message_id < p.message_id
                AND e.state IN ('queued', 'sending'))
        AND NOT EXISTS (
            SELECT 1 FROM part e WHERE e.message_id = p.message_id AND e.seq < p.seq AND e.state = 'queued')
        AND NOT EXISTS (
            SELECT 1 FROM attempt a WHERE a.part_id = p.id AND a.sim = :sim AND a.outcome = 'refused'
                AND a.opened_at > :refused)
"""
