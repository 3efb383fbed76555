"""Backend of a modem: the calls to the service that a modem needs beside fetching parts and storing arrivals."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import datetime
from typing import Protocol

from modemd.connector import Inbound, Outbound
from modemd.modem.status import Identity


class Backend(Protocol):
    """Calls to the service that only a modem needs, and the two contracts that every way out needs: `outbound` and
    `inbound`."""

    @property
    def outbound(self) -> Outbound:
        """Source of parts to send, and journal of attempts."""

    @property
    def inbound(self) -> Inbound:
        """Storage of arrivals."""

    def register_sim(self, identity: Identity) -> Awaitable[Identity]:
        """Stores which SIM is in which modem. Returns the identity with the id under which the SIM is known. Raises
        NeedsPerson if the SIM may not be used before a person admits it."""

    def notify_ready(self) -> None:
        """Tells the service that a modem became able to send."""

    def report_network_time(self, stamp: datetime, *, fresh: bool) -> None:
        """Reports the network's time. `fresh`: the network sent it now; else it is the reading of a clock that the network
        set at some time."""

    def report_roaming(self, identity: Identity, roaming: bool) -> None:
        """Reports whether a SIM is in a foreign network."""

    def is_marketing_held(self, identity: Identity) -> bool:
        """True if a SIM sends no marketing because it roams."""

    def find_service_centre(self, identity: Identity, found: str) -> str | None:
        """Returns the number of the service centre that a SIM should have, or None if it is not known. `found` is the number
        that the modem has now; empty if it has none."""

    @property
    def is_rejecting_calls(self) -> bool:
        """True if incoming calls are to be rejected."""
