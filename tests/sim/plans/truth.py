"""Laws of promise 2, what is said of a message is true: each attempt and each report against the network's journal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from modemd import pdu
from modemd.emulator.network.journal import Accepted
from modemd.emulator.network.message_fates import DUPLICATE_CAUSE
from modemd.store.timestamps import from_text
from tests.sim.plans.plan import TAG
from tests.sim.plans.run import World

_NOT_ENCODED = "cannot be encoded"
# An answer is journaled so long after the modem gave it, beside the time of two commits.
_MARGIN = timedelta(seconds=30)


class Truth:
    """What the network took, by attempt; `find_violations` asks the laws of it.

    A digit that the line has damaged cannot be told from a right one, so that modems with noise on their line are left out where
    a number is compared.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        simulation = world.simulation
        self._attempts = {row["id"]: row for row in simulation.all("SELECT * FROM attempt ORDER BY id")}
        parts = simulation.all("SELECT p.id, p.seq, p.number, m.text FROM part p JOIN message m ON m.id = p.message_id")
        self._parts = {row["id"]: row for row in parts}
        self._noisy = {
            simulation.devices[trouble.modem].name for trouble in world.plan.troubles if trouble.kind == "noise"
        }
        self._devices = {device.sim.iccid: device.name for device in simulation.devices if device.sim is not None}
        self._taken: dict[int, Accepted] = {}  # by attempt
        self._violations: list[str] = []
        self._find_attempts()

    def find_violations(self) -> Iterator[str]:
        """Yields what is not true."""
        yield from self._violations
        for attempt in self._attempts.values():
            yield from self._check_attempt(attempt)
        yield from self._check_reports()
        yield from self._check_failures()

    def _find_attempts(self) -> None:
        """Each PDU that the network took belongs to an attempt that was journaled, and open, at its first octet."""
        octets = {(each.device, each.at): each.open_attempts for each in self._world.watch.first_octets}
        for entry in self._world.simulation.network.journal.accepted:
            open_attempts = octets.get((entry.device, entry.first_octet_at), {})
            own = [id for part, id in open_attempts.items() if self._is_of(entry, self._parts[part])]
            if own:
                self._taken[own[-1]] = entry
            else:
                self._violations.append(f"not journaled: {entry.device} took {entry.text!r} for {entry.recipient}")

    def _is_of(self, entry: Accepted, part: dict[str, Any]) -> bool:
        submit = pdu.Submit.decode(entry.tpdu)
        seq = submit.concatenation.sequence if submit.concatenation else 1
        wanted, found = TAG.search(part["text"]), TAG.search(submit.text or "")
        is_same_message = wanted[1] == found[1] if wanted and found else part["text"] == submit.text
        return is_same_message and (part["seq"], part["number"]) == (seq, entry.recipient)

    def _check_attempt(self, attempt: dict[str, Any]) -> Iterator[str]:
        entry = self._taken.get(attempt["id"])
        named = f"attempt {attempt['id']} ({attempt['outcome']}, {attempt['error']})"
        if attempt["outcome"] == "sent":
            if entry is None:
                if not self._is_refused_duplicate(attempt):
                    yield f"wrongly told: {named} was never accepted"
            elif entry.device not in self._noisy and (entry.iccid, entry.reference) != (
                attempt["sim"],
                attempt["reference"],
            ):
                yield f"wrong reference: {named} has {attempt['reference']}; the network has {entry.reference} of {entry.iccid}"
        elif attempt["outcome"] in ("refused", "withdrawn") and entry is not None:
            yield f"wrongly told: {named} was accepted"
        if attempt["outcome"] == "refused" and not self._was_refused(attempt):
            yield f"no such refusal: {named}"

    def _is_refused_duplicate(self, attempt: dict[str, Any]) -> bool:
        """Whether the centre has refused the attempt because it has taken an earlier one of the same part."""
        return (attempt["error"] or "").endswith(f" {DUPLICATE_CAUSE}") and any(
            id < attempt["id"] and self._attempts[id]["part_id"] == attempt["part_id"] for id in self._taken
        )

    def _was_refused(self, attempt: dict[str, Any]) -> bool:
        """Whether the modem gave the error that the attempt has, while the attempt was open. If the clock was stepped, its times
        tell nothing."""
        error = attempt["error"] or ""
        device = self._devices.get(attempt["sim"])
        if error.startswith(_NOT_ENCODED) or device is None or device in self._noisy:
            return True
        opened, closed = from_text(attempt["opened_at"]), from_text(attempt["closed_at"])
        return any(
            refusal.line == error and (self._world.record.clock_stepped or self._is_between(refusal.at, opened, closed))
            for refusal in self._world.watch.refusals[device]
        )

    @staticmethod
    def _is_between(at: datetime, opened: datetime, closed: datetime) -> bool:
        return opened <= at <= closed + _MARGIN

    def _check_reports(self) -> Iterator[str]:
        """A report that is matched is about the PDU of that attempt: the one of this SIM that has its reference and its stamp."""
        network = self._world.simulation.network
        for row in self._world.simulation.all("SELECT * FROM report WHERE attempt_id IS NOT NULL"):
            if self._devices.get(row["sim"]) in self._noisy:
                continue
            report = pdu.StatusReport.decode(row["tpdu"])
            about = {
                id
                for id, entry in self._taken.items()
                if (entry.iccid, entry.reference) == (row["sim"], report.reference)
                and network.timestamp_at(entry.at) == report.timestamp
            }
            if row["attempt_id"] not in about and not self._is_excused(row["attempt_id"], report.reference):
                yield f"wrong report: report {row['id']} is said to be of attempt {row['attempt_id']}; it is of {about or 'none'}"

    def _is_excused(self, attempt_id: int, reference: int) -> bool:
        """Whether nothing tells two messages with one reference apart: the clocks of the box and of the centre disagree."""
        clocks_agree = not (self._world.record.clock_stepped or self._world.plan.network_faults.clock_off_s)
        return self._attempts[attempt_id]["reference"] == reference and not clocks_agree

    def _check_failures(self) -> Iterator[str]:
        """Nothing has failed but by an answer, or because the rest of a message could not be sent within a day."""
        for row in self._world.simulation.all(
            "SELECT id FROM message m WHERE state = 'failed' AND reason <> 'validity_over' AND NOT EXISTS"
            " (SELECT 1 FROM attempt a WHERE a.message_id = m.id AND a.outcome = 'refused')"
        ):
            yield f"no such refusal: message {row['id']} failed, and nothing of it was refused"
