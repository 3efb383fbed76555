"""AT commands that all families share, by name. What a family refuses, lacks or answers otherwise is in its file.

A handler sends its information lines and returns nothing: the device goes on with the next command of the line, and
ends the line with OK. It raises a FinalResult to end the line otherwise, or returns True if it will end the line later.
A ValueError (an argument that is no number) ends in `+CME ERROR: 50`.
"""

from __future__ import annotations

from modemd.emulator.device.commands import (
    basic,
    listing,
    phonebook,
    radio,
    routing,
    sending,
    simcard,
    ussd,
    voice,
    writing,
)
from modemd.emulator.device.commands.table import Handler

COMMANDS: dict[str, Handler] = {
    **basic.COMMANDS,
    **radio.COMMANDS,
    **simcard.COMMANDS,
    **routing.COMMANDS,
    **listing.COMMANDS,
    **sending.COMMANDS,
    **writing.COMMANDS,
    **ussd.COMMANDS,
    **voice.COMMANDS,
    **phonebook.COMMANDS,
}
