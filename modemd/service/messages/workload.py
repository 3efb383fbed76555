"""Workload: what a request or a file asks to be sent, counted by lane and class, with the parts that characters cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from modemd import pdu
from modemd.light_dataclass import dataclass
from modemd.pdu.text.alphabet import DEFAULT
from modemd.rules.classes import MessageClass
from modemd.rules.lanes import Lane
from modemd.rules.routing import list_prefixes
from modemd.rules.sending_time import Work
from modemd.rules.windows import Window
from modemd.store.outbox.outbound_message import OutboundMessage

# Start times that are looked at one by one; if there are more, all work counts from the last.
_MOST_GROUPS = 50


@dataclass(frozen=True, slots=True)
class CostlyCharacter:
    """Character that the GSM alphabet does not have, and the number of messages that need more parts because of such characters
    and have this one."""

    character: str
    messages: int


@dataclass(frozen=True, slots=True)
class _Group:
    """Messages that go the same way at the same time."""

    lane: Lane
    message_class: MessageClass
    at: datetime | None
    window: str | None


class Workload:
    """Messages, parts and costly characters, counted. `lanes`: the lanes by prefix, as `Routes.make_lane_table` makes them."""

    def __init__(self, lanes: dict[str, Lane]) -> None:
        self._lanes = lanes
        self._longest = max(map(len, lanes), default=0)
        self._parts: Counter[_Group] = Counter()
        self._expires: dict[_Group, datetime] = {}
        self._characters: Counter[str] = Counter()
        self.messages = 0
        self.extra_parts = 0

    @property
    def parts(self) -> int:
        """The number of parts."""
        return self._parts.total()

    def add(self, messages: Iterable[OutboundMessage]) -> None:
        """Counts messages."""
        for new in messages:
            group = _Group(self._find_lane(new), new.message_class, new.at, new.window)
            self._parts[group] += new.parts
            self._expires[group] = min(self._expires.get(group, new.expires_at), new.expires_at)
            self.messages += 1
            if new.parts > 1:  # else no other characters would save one
                extra, characters = _find_extra(new.text, new.parts)
                self.extra_parts += extra
                self._characters.update(characters)

    def _find_lane(self, new: OutboundMessage) -> Lane:
        if new.pinned is not None:
            return Lane.of_sender(new.pinned)
        prefix = max((each for each in list_prefixes(new.number, self._longest) if each in self._lanes), key=len)
        return self._lanes[prefix]

    def list_work(self, now: datetime) -> list[Work]:
        """Returns what is to be sent, for `rules.sending_time`."""
        groups = self._parts
        if len(groups) > _MOST_GROUPS:
            last = max((group.at for group in groups if group.at is not None), default=None)
            groups = Counter()
            for group, parts in self._parts.items():
                groups[replace(group, at=last)] += parts
        return [
            Work(
                group.lane,
                group.message_class,
                parts,
                max(group.at or now, now),
                self._expires.get(group),
                Window.parse_stored(group.window) if group.window is not None else None,
            )
            for group, parts in groups.items()
        ]

    def count_parts_by_lane(self) -> dict[Lane, int]:
        """Returns how many parts each lane gets."""
        found: Counter[Lane] = Counter()
        for group, parts in self._parts.items():
            found[group.lane] += parts
        return dict(found)

    def list_characters(self, limit: int) -> list[CostlyCharacter]:
        """Returns the characters that cost parts, those of the most messages first."""
        return [CostlyCharacter(character, messages) for character, messages in self._characters.most_common(limit)]


# A campaign has few texts, or texts that differ by a name.
@lru_cache(maxsize=1024)
def _find_extra(text: str, parts: int) -> tuple[int, tuple[str, ...]]:
    """Returns how many parts more a text takes because of characters that are not in the GSM alphabet, and these."""
    foreign = {character for character in set(text) if character not in DEFAULT}
    if not foreign:
        return 0, ()
    plain = "".join("a" if character in foreign else character for character in text)
    extra = parts - pdu.plan(plain).parts
    return (extra, tuple(sorted(foreign))) if extra > 0 else (0, ())
