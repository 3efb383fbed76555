"""Parts of the room for clients of Twilio's API."""

from __future__ import annotations

from modemd.light_dataclass import dataclass
from modemd.service.twilio.forms import TwilioForms
from modemd.service.twilio.messages import TwilioMessages
from modemd.service.twilio.numbers import OwnNumbers
from modemd.service.twilio.replies import TwimlReplies


@dataclass(frozen=True, slots=True)
class TwilioParts:
    """Parts of the service as clients of Twilio's API see it."""

    messages: TwilioMessages
    numbers: OwnNumbers
    replies: TwimlReplies
    forms: TwilioForms
