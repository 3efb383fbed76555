"""Webhooks as the faces add, list, rotate and remove them, with their deliveries."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from modemd import logs
from modemd.clock import Clock
from modemd.errors import ErrorCode, Refused
from modemd.light_dataclass import dataclass
from modemd.rules.changes.kinds import check_patterns
from modemd.rules.webhooks.targets import AddressPolicy, WebTarget, parse_target
from modemd.service.pages import PagedList, read_paged_list
from modemd.store import Store
from modemd.store.webhooks import deliveries, subscriptions
from modemd.store.webhooks.deliveries import DeliveryFilter, DeliveryRow
from modemd.store.webhooks.subscriptions import FORMATS, NewWebhook, WebhookRow

log = logs.get(__name__)

# After a rotation, the former secret signs for so long, too: the receiver takes over the new one meanwhile.
ROTATION = timedelta(hours=24)
_SECRET_OCTETS = 32


@dataclass(frozen=True, slots=True)
class WebhookSecret:
    """Webhook with its new secret, which is told this once, and warnings about it. `secret` None: the token of its API key
    signs, as the format twilio has it."""

    webhook: WebhookRow
    secret: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replay:
    """Number of deliveries that wait anew."""

    deliveries: int


class Webhooks:
    """Webhooks. `owner` is the id of the API key whose webhooks a caller may see and change, None for all of them.

    `on_changed` is called when somebody wants to be told who was not told before; `on_replayed` with the lanes in which something
    waits anew; `on_removed` with the id of a webhook that was removed; `has_twilio`: whether the format of Twilio is offered."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        policy: AddressPolicy,
        *,
        on_changed: Callable[[], None],
        on_replayed: Callable[[Collection[str]], None],
        on_removed: Callable[[int], None],
        has_twilio: bool,
    ) -> None:
        self._store = store
        self._clock = clock
        self._policy = policy
        self._on_replayed = on_replayed
        self._on_removed = on_removed
        self._has_twilio = has_twilio
        self.wake = on_changed
        """To be called after `store.webhooks.callbacks.add_callback` was committed."""

    async def add(self, url: str, events: Sequence[str], format: str, key_id: int | None) -> WebhookSecret:
        """Adds a webhook, which is told of what comes from now on. `key_id`: of the API key that it belongs to. Raises Refused
        (`bad_url`, `bad_kind`, `bad_format`, `too_many_webhooks`)."""
        target = parse_target(url)
        self._check_address(target)
        if format not in FORMATS:
            raise Refused(ErrorCode.BAD_FORMAT, f"there is no format {format[:40]!r}; choose from {', '.join(FORMATS)}")
        if format == "twilio" and (not self._has_twilio or key_id is None):
            raise Refused(
                ErrorCode.BAD_FORMAT,
                "the format twilio is signed with the token of an API key: name the API key (--key), or add the webhook with it"
                if self._has_twilio
                else "this modemd does not offer the format twilio",
            )
        new = NewWebhook(
            url, check_patterns(events), "twilio" if format == "twilio" else "modemd", _draw_secret(), key_id
        )
        row = await self._store.write(partial(subscriptions.add, new=new, now=self._clock.now()))
        log.info("webhook added", webhook=row.id, format=row.format)
        self.wake()
        return WebhookSecret(row, None if format == "twilio" else new.secret, tuple(_find_warnings(target)))

    async def list_webhooks(self, owner: int | None = None) -> list[WebhookRow]:
        """Returns the webhooks, oldest first."""
        return await self._store.read(partial(subscriptions.list_webhooks, owner=owner))

    async def remove(self, id: int, owner: int | None = None) -> WebhookRow:
        """Removes a webhook with its deliveries, and returns it as it was. Raises Refused (`not_found`)."""
        row = await self._store.write(partial(subscriptions.remove, id=id, now=self._clock.now(), owner=owner))
        log.info("webhook removed", webhook=id)
        self._on_removed(id)
        self.wake()
        return row

    async def rotate(self, id: int, owner: int | None = None) -> WebhookSecret:
        """Gives a webhook a new secret; the former one signs beside it for `ROTATION`. Raises Refused (`not_found`,
        `bad_format`)."""
        secret = _draw_secret()
        now = self._clock.now()
        change = partial(subscriptions.rotate, id=id, secret=secret, until=now + ROTATION, now=now)
        row = await self._store.write(partial(change, owner=owner))
        log.info("webhook has a new secret", webhook=id)
        return WebhookSecret(row, secret, ())

    async def list_deliveries(
        self, *, webhook: int | None, dead: bool, before: int | None, owner: int | None = None, limit: int
    ) -> PagedList[DeliveryRow]:
        """Returns deliveries, newest first: of a webhook or all; `dead`: only those that were given up; `before`: only with
        smaller ids. `limit` 0 means all."""
        chosen = DeliveryFilter(webhook, dead, before, owner)

        async def read(last: DeliveryRow | None, rows: int) -> list[DeliveryRow]:
            behind = chosen if last is None else replace(chosen, before=last.id)
            return await self._store.read(partial(deliveries.list_deliveries, chosen=behind, limit=rows))

        async def count() -> int:
            return await self._store.read(partial(deliveries.count_deliveries, chosen=chosen))

        return await read_paged_list(read, count, limit=limit)

    async def replay(self, *, delivery: int | None, webhook: int | None, owner: int | None = None) -> Replay:
        """Lets a delivery that has ended be sent again; without one, all that were given up, of a webhook or all. Raises Refused
        (`not_found`)."""
        change = partial(deliveries.replay, id=delivery, webhook=webhook, now=self._clock.now())
        lanes = await self._store.write(partial(change, owner=owner))
        self._on_replayed(lanes)
        return Replay(len(lanes))

    def _check_address(self, target: WebTarget) -> None:
        """Raises Refused (`bad_url`) if a target is an IP address that must not be called. A name is judged when it is called."""
        if not self._policy.allows_host(target.host):
            raise Refused(
                ErrorCode.BAD_URL,
                f"{target.host} is a private address; list it in webhooks.private_targets of the configuration, and restart "
                "the daemon",
            )


def _draw_secret() -> str:
    return f"whsec_{secrets.token_hex(_SECRET_OCTETS)}"


def _find_warnings(target: WebTarget) -> list[str]:
    if target.is_secure:
        return []
    return ["http is not encrypted: numbers and texts can be read on the way; use https outside of your own network"]
