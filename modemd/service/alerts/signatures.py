"""Signatures under the alerts that a door takes: Grafana can sign what it posts, with a secret that is in a file here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from modemd import logs
from modemd.clock import Clock
from modemd.config.doors import AlertDoorSettings, GrafanaSettings
from modemd.config.mailbox_files import read_password
from modemd.errors import ErrorCode, Refused
from modemd.rules.alerts.grafana_signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, find_signature_problem

log = logs.get(__name__)


class AlertSignatures:
    """Check of the signatures at the doors that want one. The secret is read for each request: it can be changed meanwhile."""

    def __init__(self, doors: Mapping[str, AlertDoorSettings], clock: Clock) -> None:
        self._doors = doors
        self._clock = clock

    async def check(self, door: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Raises Refused if a door wants a signature and the body has none (`unauthorized`), or if the secret cannot be read
        (`unavailable`: the monitoring system tries again)."""
        settings = self._doors[door]
        path = settings.hmac_secret_file if isinstance(settings, GrafanaSettings) else None
        if path is None:
            return
        try:
            secret = await asyncio.to_thread(read_password, path)
        except (ValueError, OSError) as error:
            log.error("the secret of a signature cannot be read", door=door, error=str(error))
            raise Refused(
                ErrorCode.UNAVAILABLE, "the secret of the signature cannot be read; the log says why"
            ) from None
        signature, timestamp = headers.get(SIGNATURE_HEADER), headers.get(TIMESTAMP_HEADER)
        problem = find_signature_problem(body, secret, signature, timestamp, self._clock.now())
        if problem is not None:
            raise Refused(ErrorCode.UNAUTHORIZED, f"the alerts are not signed as they should be: {problem}")
