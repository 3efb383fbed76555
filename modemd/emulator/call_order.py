"""A phone's call, as an order: to whom, and for how long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from modemd.emulator.order import Body, Seconds


class CallOrder(Body):
    """Call a number; hang up after `for_s` seconds. Without them it rings until nobody answers, or is hung up."""

    to: Annotated[str, Field(min_length=1)]
    for_s: Seconds | None = None
