"""PDU mode of a modem (`+CMGF`, 3GPP TS 27.005 3.2.3): modemd sends and receives in it only."""

from __future__ import annotations

from modemd.at import replies
from modemd.modem.link.dialogue import Dialogue

SET_PDU_MODE = "+CMGF=0"


async def is_in_text_mode(dialogue: Dialogue) -> bool:
    """Returns whether the modem says that it is in text mode; False if it does not tell."""
    reply = await dialogue.ask("+CMGF?")
    return reply.ok and replies.is_text_mode(reply.lines)


async def is_in_pdu_mode(dialogue: Dialogue) -> bool:
    """Returns whether the modem says that it is in PDU mode; False if it does not tell."""
    reply = await dialogue.ask("+CMGF?")
    return reply.ok and replies.is_pdu_mode(reply.lines)
