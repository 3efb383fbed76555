"""Status callbacks: stores with a message the address that wants to know its status."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Literal

from modemd.light_dataclass import dataclass
from modemd.rules.twilio.errors import TwilioCode, TwilioError
from modemd.rules.twilio.new_message import StatusCallback
from modemd.rules.webhooks.targets import AddressPolicy, parse_target
from modemd.service.messages.submission import AlsoStore

# (database, message, URL, method, id of the API key whose token signs), in the transaction that accepts the message.
AddCallback = Callable[[sqlite3.Connection, int, str, Literal["GET", "POST"], int], None]


@dataclass(frozen=True, slots=True)
class StatusCallbacks:
    """Way to register callbacks: `add` stores one, and `wake` is called after the message was accepted. `find_policy` returns
    which addresses may be called."""

    add: AddCallback
    wake: Callable[[], None]
    find_policy: Callable[[], AddressPolicy]

    def plan(self, callback: StatusCallback, key_id: int) -> AlsoStore:
        """Returns the change that registers an address for a message. Raises TwilioError if it must not be called."""
        if not self.find_policy().allows_host(parse_target(callback.url).host):
            raise TwilioError(
                TwilioCode.BAD_CALLBACK,
                "StatusCallback is a private address; webhooks.private_targets can allow such addresses",
            )
        add = self.add
        return lambda db, message_id: add(db, message_id, callback.url, callback.method, key_id)


def plan_callback(
    callbacks: StatusCallbacks | None, callback: StatusCallback | None, key_id: int | None
) -> AlsoStore | None:
    """Returns the change that registers an address, if a message has one. Raises TwilioError if callbacks are not offered, or if
    no key could sign them: a sender would wait for what never comes."""
    if callback is None:
        return None
    if callbacks is None:
        raise TwilioError(TwilioCode.BAD_CALLBACK, "status callbacks are not offered here; leave StatusCallback out")
    if key_id is None:
        raise TwilioError(TwilioCode.BAD_CALLBACK, "StatusCallback needs an API key: its token signs the calls")
    return callbacks.plan(callback, key_id)
