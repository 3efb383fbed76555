"""The AT dialogue without I/O: bytes in, events out, and parsers of the replies that are used.

Standard library and `modemd.errors` only; no port, no clock. `modemd.modem.link.dialogue` gives it a port and deadlines.
"""

from modemd.at.channel import Channel, ChannelEvent, Prompt, Reply, Urc
from modemd.at.results import Result, parse_result

__all__ = ["Channel", "ChannelEvent", "Prompt", "Reply", "Result", "Urc", "parse_result"]
