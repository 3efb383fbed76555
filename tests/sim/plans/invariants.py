"""What must be true in the end, whatever went wrong: the truth journal against what was stored and answered."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from modemd import pdu
from modemd.emulator.network.journal import Accepted
from modemd.store.timestamps import from_text
from tests.sim.plans import going_on
from tests.sim.plans.plan import REPEATS_AFTER_S, TAG
from tests.sim.plans.run import World
from tests.sim.plans.truth import Truth

FINAL = {"delivered", "undelivered", "failed", "expired", "cancelled", "refused"}
# So long after its arrival a message that replaces another can be deleted unread, and nobody is to blame.
OVERRUN = timedelta(seconds=0.1)
# So long a send and the commits round it take at most, while a notice waits.
LONGEST_SEND_S = 15.0
ACCEPTED = {"sent", "delivered", "undelivered"}
NEVER = {"held", "queued", "failed", "expired", "cancelled"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a plan. `violations` is empty where everything held."""

    violations: tuple[str, ...]
    messages: Counter[str]
    """Messages by class and state, as `alarm delivered`."""
    parts_accepted: int
    unknown: int
    """Parts whose outcome was unknown at some time."""
    taken: int
    """Of these, those that the network had taken: a report could tell."""
    settled: int
    """Of all, those that evidence settled."""
    ends: int
    troubles: int
    hours: float


@dataclass(frozen=True, slots=True)
class _OnAir:
    """An accepted PDU of a client's message."""

    tag: int
    seq: int
    entry: Accepted


def judge(world: World) -> Verdict:
    """Everything that must hold, asked of a world that has come to its end."""
    checks = _Checks(world)
    checks.check_all()
    unknown = world.simulation.all(
        "SELECT DISTINCT message_id, json_extract(detail, '$.part') AS part FROM event WHERE what = 'lost'"
    )
    tags = {id: tag for tag, id in world.record.answered.items()}
    taken = sum((tags.get(row["message_id"], 0), row["part"]) in checks.on_air for row in unknown)
    still = world.simulation.all("SELECT 1 FROM part WHERE state = 'unknown'")
    return Verdict(
        tuple(checks.violations),
        Counter(f"{row['class']} {row['state']}" for row in checks.messages.values()),
        len(world.simulation.network.journal),
        len(unknown),
        taken,
        len(unknown) - len(still),
        len(world.record.endings),
        len(world.plan.troubles),
        world.loop.time() / 3600,
    )


class _Checks:
    def __init__(self, world: World) -> None:
        self.world = world
        self.violations: list[str] = []
        simulation = world.simulation
        self.messages = {row["id"]: row for row in simulation.all("SELECT * FROM message")}
        self.parts: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for part in simulation.all("SELECT * FROM part ORDER BY message_id, seq"):
            self.parts[part["message_id"]].append(part)
        self.attempts = simulation.all("SELECT * FROM attempt ORDER BY id")
        self.planned_messages = {planned.tag: planned for planned in world.plan.planned_messages}
        self.on_air: dict[tuple[int, int], list[_OnAir]] = defaultdict(list)
        self.answers: Counter[tuple[str, str]] = Counter()
        for entry in simulation.network.journal.accepted:
            self._sort(entry)

    def _sort(self, entry: Accepted) -> None:
        submit = pdu.Submit.decode(entry.tpdu)
        tag = TAG.search(submit.text or "")
        if tag is None:
            self.answers[entry.recipient, submit.text or ""] += 1
            return
        seq = submit.concatenation.sequence if submit.concatenation else 1
        self.on_air[int(tag[1]), seq].append(_OnAir(int(tag[1]), seq, entry))

    def wrong(self, what: str) -> None:
        self.violations.append(what)

    def check_all(self) -> None:
        for tag, planned in self.planned_messages.items():
            message = self.messages.get(self.world.record.answered[tag])
            if message is None or (message["number"], message["text"]) != (planned.number, planned.text):
                self.wrong(f"lost: #{tag:04} was answered, and is not stored")
                continue
            self._ended(tag, message)
            self._delivered(tag, message)
            for part in self.parts[message["id"]]:
                self._truth(tag, message, part)
        self._confirmations()
        self._stops()
        self._inbox()
        self._order()
        self._doubts()
        self.violations += Truth(self.world).find_violations()
        self.violations += going_on.find_violations(self.world)

    def _ended(self, tag: int, message: dict[str, Any]) -> None:
        if message["state"] not in FINAL and message["closed_at"] is None:
            self.wrong(f"open: #{tag:04} is still {message['state']}")

    def _truth(self, tag: int, message: dict[str, Any], part: dict[str, Any]) -> None:
        entries = self.on_air[tag, part["seq"]]
        named = f"#{tag:04} part {part['seq']} ({message['class']}, {part['state']})"
        if part["state"] in ACCEPTED and not entries:
            self.wrong(f"lost: {named} was never accepted")
        if part["state"] in NEVER and entries:
            self.wrong(f"wrongly told: {named} was accepted")
        if len(entries) > 1:
            self._twice(named, message["class"], part, [each.entry for each in entries])

    def _delivered(self, tag: int, message: dict[str, Any]) -> None:
        """What is told to be delivered is on the phone, and was there before that was told."""
        phone = self.world.simulation.network.phone(message["number"])
        there = min((received.at for received in phone.inbox if received.text == message["text"]), default=None)
        told = self.world.simulation.all(
            "SELECT min(at) AS at FROM event WHERE message_id = ? AND what = 'message delivered'", message["id"]
        )[0]["at"]
        early = there is None or (not self.world.record.clock_stepped and told is not None and from_text(told) < there)
        if told is not None and early:
            self.wrong(f"wrongly told: #{tag:04} delivered at {told}; the phone has it since {there}")

    def _twice(self, named: str, message_class: str, part: dict[str, Any], entries: list[Accepted]) -> None:
        window = REPEATS_AFTER_S.get(message_class)
        if window is None or len(entries) > 2:
            self.wrong(f"twice: {named} was accepted {len(entries)} times")
            return
        first, second = entries
        if second.first_octet_at - first.first_octet_at < timedelta(seconds=window):
            self.wrong(f"twice: {named} was repeated after {second.first_octet_at - first.first_octet_at}")
        if not part["repeats"]:
            self.wrong(f"twice: {named}, and nobody was told that it was repeated")

    def _confirmations(self) -> None:
        for (recipient, text), times in self.answers.items():
            if times > 1:
                self.wrong(f"twice: {recipient} was answered {times} times: {text!r}")

    def _stops(self) -> None:
        for number in self.world.record.after_stop:
            self.wrong(f"after STOP: marketing to {number}")
        out = {
            row["number"]
            for row in self.world.simulation.all("SELECT number FROM contact WHERE marketing = 'opted_out'")
        }
        for arrival in self.world.plan.planned_arrivals:
            if arrival.opts_out and arrival.number not in out and (arrival.number, arrival.text) not in self._unheard:
                self.wrong(f"a STOP was lost: {arrival.number}")

    def _inbox(self) -> None:
        """Each arrival is stored once. One that another replaced may be missing, and one that came to its slot when the deletion
        of the one before was on its way: no host can know. So may what a modem handed over to nobody. What noise has damaged is
        stored as octets."""
        is_noisy = any(trouble.kind == "noise" for trouble in self.world.plan.troubles)
        overrun = {
            pdu.Deliver.decode(message.tpdu).text
            for device in self.world.simulation.devices
            for message, age in device.deleted_unread
            if age <= OVERRUN
        }
        overrun |= {
            pdu.Deliver.decode(message.tpdu).text
            for device in self.world.simulation.devices
            for message in device.inbound.replaced_unread
        }
        kept = Counter(
            (row["sender"], row["text"])
            for row in self.world.simulation.all("SELECT * FROM inbox")
            if not (is_noisy and row["kind"] == "undecodable")
        )
        for arrival in self.world.plan.planned_arrivals:
            times = kept.pop((arrival.number, arrival.text), 0)
            may_be_missing = (
                arrival.is_replaced or arrival.text in overrun or (arrival.number, arrival.text) in self._unheard
            )
            if times != 1 and not (times == 0 and may_be_missing):
                self.wrong(f"inbound: {arrival.text[:40]!r} from {arrival.number} is kept {times} times")
        for (sender, text), times in kept.items():
            if text != "old":  # what fills a memory in a fault
                self.wrong(f"inbound: {text[:40]!r} from {sender} is kept {times} times, and was never sent")

    @cached_property
    def _unheard(self) -> set[tuple[str, str | None]]:
        """Sender and text of what modems without storage handed over without having it acknowledged, after the process had ended
        or anything had gone wrong with the modem, or so shortly before that it waited for the end of a send: it may have reached
        nobody."""
        world = self.world
        endings = [at for at, _ in world.record.endings]
        found = set()
        for number, device in enumerate(world.simulation.devices):
            troubles = [world.began + trouble.at_s for trouble in world.plan.troubles if trouble.modem == number]
            first = min([*endings, *troubles], default=float("inf"))
            found |= {
                (str(message.originator), message.text)
                for at, message in device.inbound.handed_over
                if not device.family.storage.memories
                and (at - world.simulation.clock.start).total_seconds() >= first - LONGEST_SEND_S
            }
        return found

    def _order(self) -> None:
        """First attempts to one number within one class keep the order of acceptance."""
        first: dict[int, int] = {}
        for attempt in self.attempts:
            first.setdefault(attempt["message_id"], attempt["id"])
        latest: dict[tuple[str, str], int] = {}
        for id, message in sorted(self.messages.items()):
            if id not in first:
                continue
            group = (message["number"], message["class"])
            if first[id] < latest.get(group, 0):
                self.wrong(
                    f"order: message {id} ({message['class']}) went before an earlier one to {message['number']}"
                )
            latest[group] = max(latest.get(group, 0), first[id])

    def _doubts(self) -> None:
        """Nothing is unknown but for a reason: a fault in its modem, or the end of the process, while it was on the air; or a
        reference that a modem repeats because it counts anew."""
        if self.world.record.clock_stepped:
            return
        lost = self.world.simulation.all(
            "SELECT DISTINCT json_extract(detail, '$.attempt') AS id FROM event WHERE what = 'lost'"
        )
        attempts = {attempt["id"]: attempt for attempt in self.attempts}
        for row in lost:
            attempt = attempts[row["id"]]
            opened, closed = from_text(attempt["opened_at"]), from_text(attempt["closed_at"] or attempt["opened_at"])
            is_repeated = attempt["modem"] in self.world.record.counted_anew and "once more" in (attempt["error"] or "")
            if not (is_repeated or self._doubtful(attempt["modem"], opened, closed)):
                self.wrong(f"unknown without a reason: attempt {attempt['id']} ({attempt['error']})")

    def _doubtful(self, modem: str, opened: datetime, closed: datetime) -> bool:
        known = {
            device.imei for device in self.world.simulation.devices
        }  # noise can damage even the identity that is read
        return any(
            (imei == modem or modem not in known) and since <= closed and until >= opened
            for imei, since, until in self.world.record.doubts
        )
