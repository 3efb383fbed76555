"""The AT commands every family shares, by name. What a family refuses, lacks or says otherwise is in its file.

A handler says its information lines, and returns nothing: the device goes on to the next command of the line and ends
with OK. It raises a FinalResult to end the line otherwise, or returns True when it will end the line later by itself.
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
