"""Contents of messages to a SIM: texts of every kind, data, notifications, raw octets.

The method `parts` of each content makes the DELIVERs in which it arrives. It raises EncodeError if that is impossible.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from modemd.errors import DecodeError, EncodeError
from modemd.pdu import (
    Address,
    Alphabet,
    Coding,
    Deliver,
    Ports,
    SpecialIndication,
    Timestamp,
    UserData,
    compose_data,
    compose_deliver,
)

SILENT = 0x40
"""TP-PID of a type 0 message, which a phone acknowledges and shows to nobody (3GPP TS 23.040 9.2.3.9)."""

PUSH_PORTS = (2948, 9200)
"""Destination and source port of a WAP push (WAP-259-WDP appendix B)."""

MAX_DELIVER_OCTETS = 164
"""Length of the longest DELIVER: 140 octets of user data and the longest header fields (3GPP TS 23.040 9.2.2.1)."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text. `message_class` 0 is a flash message; 1 to 3 are for the phone, the SIM, the terminal.

    `silent`: type 0. `replaces`: 1 to 7; the text replaces the sender's last message with the same number (TP-PID 41 to
    47). Only one of the two is allowed.
    """

    text: str
    message_class: int | None = None
    silent: bool = False
    replaces: int | None = None

    def parts(self, sender: Address, stamp: Timestamp, reference: int) -> list[Deliver]:
        """Returns the DELIVERs of this text. Raises EncodeError for a text, class or replace type that cannot be encoded."""
        return compose_deliver(
            sender,
            self.text,
            stamp,
            reference=reference,
            message_class=self.message_class,
            protocol_id=self._protocol_id(),
        )

    def _protocol_id(self) -> int:
        if self.replaces is None:
            return SILENT if self.silent else 0
        if self.silent or not 1 <= self.replaces <= 7:
            raise EncodeError("TP-PID", f"replace type {self.replaces} is not 1 to 7, or is to be silent as well")
        return SILENT + self.replaces


@dataclass(frozen=True, slots=True)
class Data:
    """8-bit data, with or without `ports` (destination, source), in as many parts as needed."""

    octets: bytes
    ports: tuple[int, int] | None = None
    message_class: int | None = None

    def parts(self, sender: Address, stamp: Timestamp, reference: int) -> list[Deliver]:
        """Returns the DELIVERs of this data. Raises EncodeError if it cannot be encoded."""
        header = (Ports(*self.ports),) if self.ports is not None else ()
        # SUBMIT and DELIVER have the same user data; only the fields around it differ.
        submits = compose_data(
            sender, self.octets, reference=reference, header=header, message_class=self.message_class
        )
        return [
            Deliver(sender, submit.user_data, stamp, dcs=submit.dcs, more_to_send=number < len(submits))
            for number, submit in enumerate(submits, start=1)
        ]


@dataclass(frozen=True, slots=True)
class Mms:
    """Notification of an MMSC that a picture message is ready at `url`: a WAP push."""

    url: str
    transaction: str = "T1"
    size: int = 500
    expires_after_s: int = 86400

    def parts(self, sender: Address, stamp: Timestamp, reference: int) -> list[Deliver]:
        """Returns the DELIVERs of this notification. Raises EncodeError for a URL or transaction that is not ASCII."""
        return Data(self._push(), PUSH_PORTS).parts(sender, stamp, reference)

    def _push(self) -> bytes:
        """Returns the push (WAP-230-WSP 8.2.4.1) with its m-notification-ind (OMA MMS encapsulation 6.2)."""
        expiry = b"\x81" + _long_integer(self.expires_after_s)
        return b"".join(
            (
                b"\x01\x06\x03\xbe\xaf\x84",  # push 1; content type vnd.wap.mms-message; for application 4, MMS
                b"\x8c\x82",  # message type: m-notification-ind
                b"\x98" + _string(self.transaction),
                b"\x8d\x90",  # version 1.0
                b"\x8a\x80",  # class personal
                b"\x8e" + _long_integer(self.size),
                b"\x88" + bytes([len(expiry)]) + expiry,
                b"\x83" + _string(self.url),
            )
        )


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Notice that so many voice messages wait; 0: none wait any more (3GPP TS 23.038 4; 23.040 9.2.3.24.2).

    Without a text the notice asks the phone to discard it (DCS C8, C0); with a text, to store it (D8, D0, in UCS2 E8,
    E0).
    """

    waiting: int
    text: str = ""

    def parts(self, sender: Address, stamp: Timestamp, reference: int) -> list[Deliver]:
        """Returns the DELIVERs of this notice. Raises EncodeError for a number of messages that is not 0 to 255."""
        if not 0 <= self.waiting <= 255:
            raise EncodeError("voicemail", f"{self.waiting} messages are not 0 to 255")
        header = (SpecialIndication(0x80 if self.text else 0, self.waiting),)
        return [
            replace(part, dcs=self._dcs(Coding.of(part.dcs).alphabet))
            for part in compose_deliver(sender, self.text, stamp, reference=reference, header=header)
        ]

    def _dcs(self, alphabet: Alphabet) -> int:
        group = 0xC0 if not self.text else 0xE0 if alphabet is Alphabet.UCS2 else 0xD0
        return group | (0x08 if self.waiting else 0)


@dataclass(frozen=True, slots=True)
class Raw:
    """The octets of a DELIVER, right or wrong: nothing is corrected, neither time nor sender."""

    tpdu: bytes

    def parts(self, sender: Address, stamp: Timestamp, reference: int) -> list[Deliver]:
        """Returns one DELIVER with exactly these octets. Raises EncodeError if they are none, or too many."""
        if not 1 <= len(self.tpdu) <= MAX_DELIVER_OCTETS:
            raise EncodeError("raw", f"{len(self.tpdu)} octets; a DELIVER has 1 to {MAX_DELIVER_OCTETS}")
        try:
            read = Deliver.decode(self.tpdu)
        except DecodeError:  # a device passes it on nevertheless
            read = Deliver(sender, UserData(b""), stamp)
        return [
            Verbatim(
                read.originator,
                read.user_data,
                read.timestamp,
                dcs=read.dcs,
                protocol_id=read.protocol_id,
                octets=self.tpdu,
            )
        ]


MessageContent = Text | Data | Mms | Voicemail | Raw


@dataclass(frozen=True, slots=True)
class Verbatim(Deliver):
    """A DELIVER that is sent as these octets, whatever its fields say."""

    octets: bytes = b""

    def encode(self) -> bytes:
        """Returns the octets."""
        return self.octets


def _string(text: str) -> bytes:
    try:
        return text.encode("ascii") + b"\0"
    except UnicodeEncodeError:
        raise EncodeError("MMS", f"{text!r} is not ASCII") from None


def _long_integer(number: int) -> bytes:
    """Returns the length, then the octets of the number (WAP-230-WSP 8.4.2.1)."""
    octets = number.to_bytes(max(1, (number.bit_length() + 7) // 8))
    return bytes([len(octets)]) + octets
