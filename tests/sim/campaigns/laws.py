"""Laws of marketing, asked of a campaign that has come to its end. What was sent is read in the network's journal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.sim.campaigns.campaign import Wish
from tests.sim.campaigns.countries import FOREIGN
from tests.sim.campaigns.oracle import HoursOracle
from tests.sim.campaigns.run import Run, to_s
from tests.sim.plans.plan import TAG

CAPS = ((2, timedelta(days=7)), (1, timedelta(hours=20)))
# A cap counts from the claim, which is so long before the first octet at most.
CLAIMED_BEFORE = timedelta(seconds=30)
PATIENCE_S = 1800.0
"""A message that could go for so long without a break must have gone."""
AFTER_TROUBLE_S = 600.0
URGENT_PATIENCE_S = 180.0
SECONDS_PER_PART = 5.0
FINAL = ("delivered", "undelivered", "failed", "expired", "cancelled", "refused")


@dataclass(frozen=True, slots=True)
class Gone:
    """Marketing message that the network took. `octets`: the first octet of each of its PDUs."""

    number: str
    octets: tuple[datetime, ...]


class Laws:
    """Laws of one run; `find_violations` asks them all."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.campaign = run.campaign
        self.oracle = HoursOracle(run.campaign.country.holidays, run.seen.changes)
        self.wishes = {run.seen.ids[wish.message.tag]: wish for wish in run.campaign.wishes}
        self.messages: dict[int, dict[str, Any]] = {
            row["id"]: row for row in run.simulation.all("SELECT * FROM message")
        }
        self.gone: dict[int, Gone] = {}
        octets: dict[int, list[datetime]] = defaultdict(list)
        for entry in run.simulation.network.journal.accepted:
            tag = TAG.search(entry.text or "")
            if tag is not None:
                octets[run.seen.ids[int(tag[1])]].append(entry.first_octet_at)
        for id, moments in octets.items():
            self.gone[id] = Gone(self.wishes[id].message.number, tuple(sorted(moments)))

    def find_violations(self) -> list[str]:
        """Returns what broke a law, each as one line that begins with the law's name."""
        return [
            *self._hours(),
            *self._caps(),
            *self._consent(),
            *self._countries(),
            *self._ends(),
            *self._starvation(),
            *self._urgent(),
        ]

    def _marketing(self) -> Iterator[tuple[int, Wish]]:
        return ((id, wish) for id, wish in self.wishes.items() if wish.is_marketing)

    def _named(self, id: int) -> str:
        wish, message = self.wishes[id], self.messages[id]
        return f"#{wish.message.tag:04} ({wish.message.message_class} to {wish.message.number}, {message['state']})"

    def _hours(self) -> Iterator[str]:
        for octet in self.run.seen.first_octets:
            if octet.message_class != "marketing":
                continue
            people = self.wishes[octet.message_id].people
            if people is not None and not self.oracle.is_open(people, octet.at):
                yield f"outside hours: {self._named(octet.message_id)} at {octet.at:%a %F %T}"
        for id, wish in self._marketing():
            for at in self.gone[id].octets if id in self.gone and wish.people is not None else ():
                if wish.people is not None and not self.oracle.is_open(wish.people, at):
                    yield f"outside hours: the network took {self._named(id)} at {at:%a %F %T}"

    def _caps(self) -> Iterator[str]:
        by_number: dict[str, list[datetime]] = defaultdict(list)
        for id, _ in self._marketing():
            if id in self.gone:
                by_number[self.gone[id].number].append(self.gone[id].octets[0])
        for number, moments in by_number.items():
            moments.sort()
            for count, per in CAPS:
                for first, last in zip(moments, moments[count:], strict=False):
                    if last - first < per - CLAIMED_BEFORE:
                        yield f"above the cap: {count + 1} messages to {number} between {first:%F %T} and {last:%F %T}"

    def _consent(self) -> Iterator[str]:
        for octet in self.run.seen.first_octets:
            if octet.message_class == "marketing" and octet.said in ("stop", "unclear"):
                law = "after STOP" if octet.said == "stop" else "under review"
                yield f"{law}: {self._named(octet.message_id)} at {octet.at:%F %T}"

    def _countries(self) -> Iterator[str]:
        for octet in self.run.seen.first_octets:
            if octet.number == FOREIGN and octet.message_class == "marketing":
                yield f"wrong country: {self._named(octet.message_id)} at {octet.at:%F %T}"

    def _ends(self) -> Iterator[str]:
        for id in self.wishes:
            message = self.messages[id]
            if message["state"] not in FINAL and message["closed_at"] is None:
                yield f"held for ever: {self._named(id)} ({message['reason']})"

    # Nothing waits without a reason

    def _starvation(self) -> Iterator[str]:
        """Looks at each message minute by minute until it went or ended."""
        attempted = {octet.message_id for octet in self.run.seen.first_octets}
        older: dict[str, float] = {}
        for id, wish in sorted(self._marketing()):
            ended_s = self._ended_s(id)
            begins_s = max(
                to_s(self.campaign, _time(self.messages[id]["created_at"])), older.get(wish.message.number, 0.0)
            )
            older[wish.message.number] = max(older.get(wish.message.number, 0.0), ended_s)
            if wish.people is None or (id in attempted and id not in self.gone):
                continue  # its attempts were refused, or their outcome is unknown
            waited, since = 0.0, begins_s
            while since < min(ended_s, self.campaign.length_s):
                waited = waited + 60.0 if self._could_go(id, wish, since) else 0.0
                if waited >= PATIENCE_S:
                    at = self.campaign.start + timedelta(seconds=since)
                    yield f"waits for nothing: {self._named(id)} could go before {at:%a %F %T} ({self.messages[id]['reason']})"
                    break
                since += 60.0

    def _ended_s(self, id: int) -> float:
        if id in self.gone:
            return to_s(self.campaign, self.gone[id].octets[0])
        closed = self.messages[id]["closed_at"]
        return to_s(self.campaign, _time(closed)) if closed is not None else float("inf")

    def _could_go(self, id: int, wish: Wish, at_s: float) -> bool:
        if any(a <= at_s < b + AFTER_TROUBLE_S for a, b in (*self.run.seen.down, *self.run.seen.sick)):
            return False
        assert wish.people is not None
        at = self.campaign.start + timedelta(seconds=at_s)
        needed = timedelta(seconds=SECONDS_PER_PART * (self.messages[id]["parts"] + 1))
        return (
            self.oracle.is_open(wish.people, at)
            and self.oracle.is_open(wish.people, at + needed)
            and self._is_below_caps(id, wish.message.number, at)
            and self._said_at(wish.message.number, at) in (None, "start")
        )

    def _is_below_caps(self, id: int, number: str, at: datetime) -> bool:
        """By what any attempt may have left: an attempt of unknown outcome counts, too."""
        octets = [
            octet
            for octet in self.run.seen.first_octets
            if octet.number == number
            and octet.message_class == "marketing"
            and octet.message_id != id
            and octet.at <= at
        ]
        return all(
            len({octet.message_id for octet in octets if octet.at + timedelta(minutes=2) >= at - per}) < count
            for count, per in CAPS
        )

    def _said_at(self, number: str, at: datetime) -> str | None:
        """What the number had said, taking the hour in which it is under way for said."""
        at_s = to_s(self.campaign, at)
        said = [each.kind for each in self.campaign.says if each.number == number and each.at_s <= at_s]
        return said[-1] if said else None

    def _urgent(self) -> Iterator[str]:
        """Other classes go at once, at any hour."""
        for id, wish in self.wishes.items():
            message = self.messages[id]
            if wish.is_marketing or wish.people is None:
                continue
            for row in self.run.simulation.all("SELECT what, detail FROM event WHERE message_id = ?", id):
                if any(reason in (row["detail"] or "") for reason in _HOLDS):
                    yield f"urgent held: {self._named(id)}: {row['what']} {row['detail']}"
            is_refused = message["state"] in ("refused", "cancelled") and message["reason"] == "opted_out"
            if is_refused and wish.message.number.startswith("+1"):
                continue
            accepted_s = to_s(self.campaign, _time(message["created_at"]))
            first = min((each.at for each in self.run.seen.first_octets if each.message_id == id), default=None)
            until_s = to_s(self.campaign, first) if first is not None else self._ended_s(id)
            trouble = [
                each
                for each in (*self.run.seen.down, *self.run.seen.sick)
                if each[0] <= until_s and each[1] + AFTER_TROUBLE_S >= accepted_s
            ]
            if until_s - accepted_s > URGENT_PATIENCE_S and not trouble:
                yield f"urgent late: {self._named(id)} waited {until_s - accepted_s:.0f} s"


_HOLDS = ("quiet_hours", "public_holiday", "frequency_cap", "under_review", "zone_unknown", "holidays_unknown")


def _time(stored: str) -> datetime:
    return datetime.fromisoformat(stored)
