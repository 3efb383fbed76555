"""Room for clients of Twilio's API. Its parts are made, and their code is loaded, at the first use: it takes half a MiB."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modemd.service.twilio.forms import TwilioForms
    from modemd.service.twilio.messages import TwilioMessages
    from modemd.service.twilio.numbers import OwnNumbers
    from modemd.service.twilio.parts import TwilioParts
    from modemd.service.twilio.replies import TwimlReplies


class TwilioRoom:
    """Service as clients of Twilio's API see it. `make` makes the parts."""

    def __init__(self, make: Callable[[], TwilioParts]) -> None:
        self._make = make

    @cached_property
    def _parts(self) -> TwilioParts:
        return self._make()

    @property
    def messages(self) -> TwilioMessages:
        """Messages of both directions."""
        return self._parts.messages

    @property
    def numbers(self) -> OwnNumbers:
        """Numbers of the SIMs."""
        return self._parts.numbers

    @property
    def replies(self) -> TwimlReplies:
        """Replies of applications to what comes in."""
        return self._parts.replies

    @property
    def forms(self) -> TwilioForms:
        """Forms by which changes are told."""
        return self._parts.forms
