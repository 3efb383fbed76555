"""The AT dialogue without I/O: bytes in, events out, and parsers of the replies that are used.

Standard library and `modemd.errors` only; no port, no clock. `modemd.modem.link.dialogue` gives it a port and deadlines.
"""

from modemd.at.channel import Channel, Event, Prompt, Reply, Urc
from modemd.at.results import Result, result_of

__all__ = ["Channel", "Event", "Prompt", "Reply", "Result", "Urc", "result_of"]
