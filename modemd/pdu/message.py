"""Base class of SUBMIT and DELIVER: user data with a coding scheme."""

from __future__ import annotations

from modemd.pdu.fields.header import Concatenation, Ports, find_last
from modemd.pdu.fields.userdata import UserData, find_decoder
from modemd.pdu.text.coding import CODINGS, Alphabet, Coding


class Message:
    """Message with user data, which its TP-DCS says how to read."""

    __slots__ = ()

    dcs: int
    user_data: UserData

    @property
    def coding(self) -> Coding:
        """The meaning of TP-DCS."""
        return CODINGS[self.dcs]

    @property
    def alphabet(self) -> Alphabet:
        return CODINGS[self.dcs].alphabet

    @property
    def message_class(self) -> int | None:
        """0 (flash) to 3; None if TP-DCS names no class."""
        return CODINGS[self.dcs].message_class

    @property
    def text(self) -> str | None:
        """The text of this part alone; None if it is not text (8-bit data, compressed)."""
        user_data = self.user_data
        reading = find_decoder(user_data.header, CODINGS[self.dcs])
        return None if reading is None else reading(user_data.payload)

    @property
    def concatenation(self) -> Concatenation | None:
        """Place of this part in its set; None for a message of one part."""
        found = None
        for element in self.user_data.header:  # as find_last(), but faster: this runs for every part
            if type(element) is Concatenation:
                found = element
        return found

    @property
    def ports(self) -> Ports | None:
        """The application ports; None for a message to a person."""
        return find_last(self.user_data.header, Ports)
