"""Exchange with a receiver: the request, its answer, and the failure to get one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from modemd.errors import ModemdError
from modemd.light_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """Request to a receiver. `headers`: those that are its own."""

    url: str
    method: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """Answer of a receiver; a long body is cut."""

    status: int
    content_type: str
    body: bytes

    @property
    def is_success(self) -> bool:
        """True if the receiver has taken the request."""
        return 200 <= self.status < 300


class DeliveryFailed(ModemdError):
    """Receiver that gave no answer; the message says why, and has no address."""


Post = Callable[[WebhookRequest], Awaitable[WebhookAnswer]]
"""Sends a request. Raises DeliveryFailed."""
