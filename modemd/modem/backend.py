"""Backend of a modem: what the service does for it beside giving it parts and storing its arrivals."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from modemd.connector import Inbound, Outbound
from modemd.modem.status import Identity


class Backend(Protocol):
    """Services that only a modem needs, and the two that every way out needs: `outbound` and `inbound`."""

    @property
    def outbound(self) -> Outbound:
        """Parts to send, and the journal of attempts."""

    @property
    def inbound(self) -> Inbound:
        """Storage of arrivals."""

    def register_sim(self, identity: Identity) -> Awaitable[None]:
        """Stores which SIM sits in which modem. Raises NeedsPerson if the SIM may not be used before a person admits it."""

    def notify_ready(self) -> None:
        """Tells that a modem became able to send."""

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        """Reports the network's time; `fresh`: as it is now, not as it was once set."""

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        """Reports whether a SIM is in a foreign network."""

    def is_marketing_held(self, identity: Identity) -> bool:
        """True if a SIM sends no marketing because it roams."""

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        """Returns the service centre that a SIM should have, if the modem names `found` (empty: none). None if it is not
        known."""

    @property
    def is_rejecting_calls(self) -> bool:
        """True if calls are to be refused."""
