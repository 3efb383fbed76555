"""Requests to confirm an opt-in, as the faces make and list them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from modemd.clock import Clock
from modemd.config import CurrentSettings
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules import phone_numbers
from modemd.rules.classes import MessageClass
from modemd.rules.consent.texts.texts import Texts
from modemd.service.consent.double_opt_in import DoubleOptIn, OptInOrder
from modemd.service.rules_in_force import RulesInForce
from modemd.service.texts import check_controls, check_ip, check_language
from modemd.store import Store, listings
from modemd.store.outbox.accept import Submitted
from modemd.store.rows import MessageRow

# Ways in which people ask to be subscribed, other than by SMS.
CHANNELS = ("form", "pos", "phone", "paper", "import", "api")
# Characters of each text that goes with a request.
LONGEST_NOTE = 2000


@dataclass(frozen=True, slots=True)
class RequestView:
    """Request that was made: the number, the list, and the message with it."""

    number: str
    list_name: str | None
    message: MessageRow


class OptInRequests:
    """Requests to confirm. `on_queued` is called with the message of each; `find_texts` returns the texts in force;
    `find_opening`: for a number and a moment, when a request that the person does not wait for may be sent; None: at once."""

    def __init__(
        self,
        store: Store,
        settings: CurrentSettings,
        rules: RulesInForce,
        clock: Clock,
        on_queued: Callable[[Submitted, MessageClass], None],
        find_texts: Callable[[], Texts] = Texts.load,
        find_opening: Callable[[str, datetime], datetime | None] = lambda number, now: None,
    ) -> None:
        self._store = store
        self._settings = settings
        self._rules = rules
        self._clock = clock
        self._on_queued = on_queued
        self._find_texts = find_texts
        self._find_opening = find_opening

    def rules(self) -> DoubleOptIn:
        """Returns the double opt-in by the settings in force, for a transaction."""
        return DoubleOptIn(self._settings.current(), self._rules.current(), self._find_texts(), self._find_opening)

    async def request(self, order: OptInOrder) -> RequestView:
        """Asks a number, in any spelling, to confirm. Returns the request. Raises Refused (`bad_number`, `not_possible`,
        `bad_channel`, `no_evidence`, `no_reason`, `bad_text`, `bad_name`, `bad_address`, or as
        `DoubleOptIn.request`)."""
        now, rules = self._clock.now(), self.rules()
        number = phone_numbers.parse_recipient(order.number, country=rules.settings.country).number
        if order.channel not in CHANNELS:
            raise Refused(ErrorCode.BAD_CHANNEL, f"{order.channel!r} is no channel; there are {', '.join(CHANNELS)}")
        if not (order.evidence or "").strip():
            raise Refused(ErrorCode.NO_EVIDENCE, "say how the person asked for it: where the form or the paper is")
        if not (order.actor or "").strip():
            raise Refused(ErrorCode.NO_REASON, "say who makes the request")
        if any(len(text) > LONGEST_NOTE for text in (order.evidence, order.shown, order.actor) if text):
            raise Refused(ErrorCode.BAD_TEXT, f"evidence and wording have {LONGEST_NOTE} characters at most")
        check_controls(
            *(order.evidence, order.shown, order.actor, order.url, order.user_agent, order.contact_id),
            what="a text of the request",
        )
        check_language(order.language)
        check_ip(order.ip)
        checked = replace(order, number=number, not_before=self._find_opening(number, now))

        def change(db: sqlite3.Connection) -> tuple[Submitted, MessageRow]:
            message = rules.request(db, checked, now).message
            return message, listings.list_messages(db, id=message.id)[0]

        submitted, message = await self._store.write(change)
        self._on_queued(submitted, MessageClass.SYSTEM)
        return RequestView(number, order.list_name, message)
