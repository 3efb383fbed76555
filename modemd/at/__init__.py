"""AT dialogue without I/O: turns bytes into events, and parses the replies that modemd uses.

Uses only the standard library and `modemd.errors`; no port, no clock. `modemd.modem.link.dialogue` adds port and deadlines.
"""

from modemd.at.channel import Channel, ChannelEvent, Prompt, Reply, Urc
from modemd.at.results import Result, parse_result

__all__ = ["Channel", "ChannelEvent", "Prompt", "Reply", "Result", "Urc", "parse_result"]
